#include "introspect/claim_names.h"

#include <memory>
#include <vector>

#include "base/ascii.h"
#include "catalog/observed.h"
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
  TreeWalker walker(tree);
  auto root = std::make_unique<Node>();
  root->fields.emplace_back();
  std::vector<Node*> open = {root.get()};
  for (TreeWalker::Step step = walker.Next(); step != TreeWalker::Step::kEnd; step = walker.Next()) {
    Node& node = *open.back();
    if (walker.begins_field() || node.fields.empty()) node.fields.push_back({walker.field(), {}, {}});
    Node::Field& field = node.fields.back();
    if (step == TreeWalker::Step::kValue) field.values.push_back(walker.value());
    if (step == TreeWalker::Step::kOpenNode) {
      field.nodes.push_back(std::make_unique<Node>());
      field.nodes.back()->tag = walker.value();
      open.push_back(field.nodes.back().get());
      if (open.size() > kDepthMax) return nullptr;
    }
    if (step == TreeWalker::Step::kCloseNode && open.size() > 1) open.pop_back();
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

bool IsJsonType(const Node& node, std::string_view field) {
  const Node::Field* type = node.Find(field);
  return type && type->values.size() == 1 &&
         std::find(kJsonTypes.begin(), kJsonTypes.end(), type->values.front()) != kJsonTypes.end();
}

bool IsCast(const Node& node) {
  return (node.tag == "COERCEVIAIO" || node.tag == "RELABELTYPE") && IsJsonType(node, "resulttype");
}

bool IsNullIfEmpty(const Node& node) {
  return node.tag == "NULLIFEXPR" && node.CountOf("args") == 2 && TextOf(node.NodeAt("args", 1)) == "";
}

// The setting that a call of current_setting reads.
std::optional<catalog::Observed> SettingOf(const Node& node) {
  if (node.tag != "FUNCEXPR" || !IsCurrentSetting(node.OidAt("funcid"))) return std::nullopt;
  const std::optional<std::string> name = TextOf(node.NodeAt("args", 0));
  return name ? std::optional(catalog::ObservedByName(*name)) : std::nullopt;
}

// A constant, or a setting that is unset for everyone.
bool IsTheSameForAll(const Node* node) {
  if (!node) return false;
  if (node->tag == "CONST" || SettingOf(*node) == catalog::Observed::kNothing) return true;
  if (IsCast(*node)) return IsTheSameForAll(node->NodeAt("arg", 0));
  return IsNullIfEmpty(*node) && IsTheSameForAll(node->NodeAt("args", 0));
}

// What (SELECT expression) gives, which is how policies are told to call their functions once.
const Node* ScalarOf(const Node& node) {
  constexpr std::string_view kExpression = "4";  // EXPR_SUBLINK (primnodes.h)
  const Node::Field* kind = node.Find("subLinkType");
  const bool is_scalar =
      node.tag == "SUBLINK" && kind && kind->values.size() == 1 && kind->values.front() == kExpression;
  const Node* query = is_scalar ? node.NodeAt("subselect", 0) : nullptr;
  if (!query || query->tag != "QUERY" || query->CountOf("targetList") != 1) return nullptr;
  const Node* from = query->NodeAt("jointree", 0);
  for (const char* part :
       {"cteList", "rtable", "setOperations", "groupClause", "havingQual", "limitOffset", "limitCount"}) {
    if (query->CountOf(part) != 0) return nullptr;
  }
  if (!from || from->CountOf("fromlist") != 0 || from->CountOf("quals") != 0) return nullptr;
  return query->NodeAt("targetList", 0)->NodeAt("expr", 0);
}

class ClaimReader {
 public:
  explicit ClaimReader(const ClaimGivers& givers) : givers_(givers) {}

  void Collect(const Node& node) {
    if (std::optional<std::string> name = PickOf(node)) {
      claims.names.insert(std::move(*name));
      return;
    }
    if (SettingOf(node) == catalog::Observed::kClaims || IsGiver(node)) claims.whole = true;
    for (const Node::Field& field : node.fields) {
      for (const std::unique_ptr<Node>& child : field.nodes) Collect(*child);
    }
  }

  ClaimNames claims;

 private:
  bool IsGiver(const Node& node) const { return node.tag == "FUNCEXPR" && givers_.contains(node.OidAt("funcid")); }

  // Whether it gives the claims and nothing else: the setting itself, as JSON, NULL when it is empty, something that is
  // the same for everybody where there are none.
  bool GivesClaims(const Node* node) const {
    if (!node) return false;
    if (SettingOf(*node) == catalog::Observed::kClaims) return true;
    if (IsGiver(*node)) return node->CountOf("args") == 0;
    if (IsCast(*node)) return GivesClaims(node->NodeAt("arg", 0));
    if (const Node* inner = ScalarOf(*node)) return GivesClaims(inner);
    if (node->tag == "COALESCEEXPR") return CoalescesClaims(*node);
    return IsNullIfEmpty(*node) && GivesClaims(node->NodeAt("args", 0));
  }

  bool CoalescesClaims(const Node& node) const {
    bool some = false;
    for (size_t i = 0; i < node.CountOf("args"); ++i) {
      const Node* argument = node.NodeAt("args", i);
      const bool gives = GivesClaims(argument);
      if (!gives && !IsTheSameForAll(argument)) return false;
      some = some || gives;
    }
    return some;
  }

  // The name that the node picks out of the claims.
  std::optional<std::string> PickOf(const Node& node) const {
    const Oid function = node.tag == "OPEXPR"     ? node.OidAt("opfuncid")
                         : node.tag == "FUNCEXPR" ? node.OidAt("funcid")
                                                  : 0;
    const bool picks = std::find(kPickFunctions.begin(), kPickFunctions.end(), function) != kPickFunctions.end();
    if (!picks || node.CountOf("args") != 2 || !GivesClaims(node.NodeAt("args", 0))) return std::nullopt;
    return TextOf(node.NodeAt("args", 1));
  }

  const ClaimGivers& givers_;
};

}  // namespace

ClaimNames ReadClaimNames(std::string_view tree, const ClaimGivers& givers) {
  ClaimReader reader(givers);
  const std::unique_ptr<Node> root = ReadTree(tree);
  if (root) {
    reader.Collect(*root);
  } else {
    reader.claims.whole = true;
  }
  return std::move(reader.claims);
}

}  // namespace pando::introspect
