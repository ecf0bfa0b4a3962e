#include "introspect/extension_reader.h"

#include <charconv>
#include <string_view>

#include "introspect/row.h"

namespace pando::introspect {

using catalog::Audience;
using catalog::Oid;

namespace {

using RolesByGrantee = std::unordered_map<Oid, std::vector<std::string>>;

// `grantees` as kExtensionFunctions has them: OIDs with a space between.
std::shared_ptr<const Audience::Roles> HeirsOf(std::string_view grantees, const RolesByGrantee& heirs) {
  auto roles = std::make_shared<Audience::Roles>();
  while (!grantees.empty()) {
    Oid grantee = 0;
    const auto [end, failure] = std::from_chars(grantees.data(), grantees.data() + grantees.size(), grantee);
    if (failure != std::errc()) break;
    if (const auto found = heirs.find(grantee); found != heirs.end()) {
      roles->insert(found->second.begin(), found->second.end());
    }
    grantees.remove_prefix(static_cast<size_t>(end - grantees.data()));
    if (!grantees.empty()) grantees.remove_prefix(1);
  }
  return roles;
}

}  // namespace

ExtensionFunctions::ExtensionFunctions(const Answers& answers) {
  RolesByGrantee heirs;
  ForEachRow(answers[Query::kGranteeHeirs], [&](const Row& row) { heirs[row.OidAt(0)].push_back(row.Text(1)); });
  // Most functions of an extension have the same grantees: they share one set.
  std::map<std::string, Audience, std::less<>> by_grantees;
  ForEachRow(answers[Query::kExtensionFunctions], [&](const Row& row) {
    const std::string grantees = row.Text(3);
    const auto known = by_grantees.find(grantees);
    const Audience audience = known != by_grantees.end()
                                  ? known->second
                                  : by_grantees.emplace(grantees, HeirsOf(grantees, heirs)).first->second;
    audiences_.emplace(row.OidAt(0), audience);
    if (!row.IsTrue(2)) return;
    const auto [named, is_new] = of_one_argument_.emplace(row.Text(1), audience);
    if (!is_new) named->second.Add(audience);
  });
}

Audience ExtensionFunctions::AudienceOf(Oid function) const {
  const auto found = audiences_.find(function);
  return found == audiences_.end() ? Audience() : found->second;
}

}  // namespace pando::introspect
