#include "introspect/claim_names.h"

#include <memory>
#include <vector>

#include "base/ascii.h"
#include "introspect/tree_walker.h"

namespace pando::introspect {
namespace {

using catalog::Oid;

// The reading of the tree goes as deep as the tree does.
constexpr int kDepthMax = 200;

// json_object_field, json_object_field_text, jsonb_object_field and jsonb_object_field_text of a text (pg_proc.dat).
constexpr std::array<Oid, 4> kPickFunctions = {3947, 3948, 3478, 3214};
// text, json and jsonb (pg_type.dat).
constexpr std::array<std::string_view, 3> kJsonTypes = {"25", "114", "3802"};

struct Node {
  struct Field {
    std::string_view name;
    std::vector<std::string_view> values;
    std::vector<std::unique_ptr<Node>> nodes;
  };

  const Field* Find(std::string_view name) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
  }
  Oid OidAt(std::string_view name) const {
    const Field* field = Find(name);
    return field && field->values.size() == 1 ? ParseNumber<Oid>(field->values.front()).value_or(0) : 0;
  }
  const Node* NodeAt(std::string_view name, size_t place) const {
    const Field* field = Find(name);
    return field && place < field->nodes.size() ? field->nodes[place].get() : nullptr;
  }
  size_t CountOf(std::string_view name) const {
    const Field* field = Find(name);
    return field ? field->nodes.size() : 0;
  }

  std::string_view tag;
  std::vector<Field> fields;
};

// nullptr when the tree is too deep.
std::unique_ptr<Node> ReadTree(std::string_view tree) {
  Walker walker(tree);
  auto root = std::make_unique<Node>();
  root->fields.emplace_back();
  std::vector<Node*> open = {root.get()};
  for (Walker::Step step = walker.Next(); step != Walker::Step::kEnd; step = walker.Next()) {
    Node& node = *open.back();
    if (walker.begins_field() || node.fields.empty()) node.fields.push_back({walker.field(), {}, {}});
    Node::Field& field = node.fields.back();
    if (step == Walker::Step::kValue) field.values.push_back(walker.value());
    if (step == Walker::Step::kOpenNode) {
      field.nodes.push_back(std::make_unique<Node>());
      field.nodes.back()->tag = walker.value();
      open.push_back(field.nodes.back().get());
      if (open.size() > kDepthMax) return nullptr;
    }
    if (step == Walker::Step::kCloseNode && open.size() > 1) open.pop_back();
  }
  return root;
}

std::optional<std::string> TextOf(const Node* node) {
  if (!node || node->tag != "CONST") return std::nullopt;
  TextConstant constant;
  for (const Node::Field& field : node->fields) {
    for (const std::string_view value : field.values) constant.TakeField(field.name, value);
  }
  return constant.text();
}

bool ReadsClaims(const Node& node) {
  if (node.tag != "FUNCEXPR" || !IsCurrentSetting(node.OidAt("funcid"))) return false;
  const std::optional<std::string> name = TextOf(node.NodeAt("args", 0));
  return name && catalog::ObservedByName(*name) == catalog::Observed::kClaims;
}

bool IsJsonType(const Node& node, std::string_view field) {
  const Node::Field* type = node.Find(field);
  return type && type->values.size() == 1 &&
         std::find(kJsonTypes.begin(), kJsonTypes.end(), type->values.front()) != kJsonTypes.end();
}

// Whether it gives the claims and nothing else: the setting itself, as JSON, and NULL when it is empty.
bool GivesClaims(const Node* node) {
  if (!node) return false;
  if (ReadsClaims(*node)) return true;
  if (node->tag == "COERCEVIAIO" || node->tag == "RELABELTYPE") {
    return IsJsonType(*node, "resulttype") && GivesClaims(node->NodeAt("arg", 0));
  }
  if (node->tag != "NULLIFEXPR" || node->CountOf("args") != 2) return false;
  return TextOf(node->NodeAt("args", 1)) == "" && GivesClaims(node->NodeAt("args", 0));
}

// The name that the node picks out of the claims.
std::optional<std::string> PickOf(const Node& node) {
  const Oid function = node.tag == "OPEXPR"     ? node.OidAt("opfuncid")
                       : node.tag == "FUNCEXPR" ? node.OidAt("funcid")
                                                : 0;
  const bool picks = std::find(kPickFunctions.begin(), kPickFunctions.end(), function) != kPickFunctions.end();
  if (!picks || node.CountOf("args") != 2 || !GivesClaims(node.NodeAt("args", 0))) return std::nullopt;
  return TextOf(node.NodeAt("args", 1));
}

void Collect(const Node& node, ClaimNames& claims) {
  if (std::optional<std::string> name = PickOf(node)) {
    claims.names.insert(std::move(*name));
    return;
  }
  if (ReadsClaims(node)) claims.whole = true;
  for (const Node::Field& field : node.fields) {
    for (const std::unique_ptr<Node>& child : field.nodes) Collect(*child, claims);
  }
}

}  // namespace

ClaimNames ReadClaimNames(std::string_view tree) {
  ClaimNames claims;
  const std::unique_ptr<Node> root = ReadTree(tree);
  if (root) {
    Collect(*root, claims);
  } else {
    claims.whole = true;
  }
  return claims;
}

}  // namespace pando::introspect
