#include <string>
#include <utility>

#include "rest/json_scanner.h"
#include "rest/json_unescape.h"
#include "rest/key_set.h"
#include "rest/payload.h"

namespace pando::rest {
namespace {

// What a write must know of a body.
class Outline final : public JsonListener {
 public:
  void OnValue(uint32_t depth, JsonKind kind) override {
    if (depth == 0) {
      root_ = kind;
    } else {
      ++elements_;
      if (kind == JsonKind::kObject) ++objects_;
    }
  }

  void OnKey(uint32_t, std::string_view raw) override {
    if (keys_.is_full()) return;
    if (raw.find('\\') == std::string_view::npos) {
      keys_.Add(raw);
    } else {
      keys_.Add(UnescapeJsonString(raw));
    }
  }

  void OnObjectEnd(uint32_t) override { keys_.EndObject(); }

  JsonKind root() const { return root_; }
  int64_t elements() const { return elements_; }
  int64_t objects() const { return objects_; }
  const KeySet& keys() const { return keys_; }

 private:
  JsonKind root_ = JsonKind::kScalar;
  int64_t elements_ = 0;
  int64_t objects_ = 0;
  KeySet keys_;
};

Payload MakePayload(Payload::Kind kind, std::string_view text) {
  Payload payload;
  payload.kind = kind;
  payload.text = text;
  return payload;
}

Result<Payload> ArrayPayload(const Outline& outline, std::string_view body, const PayloadContext& context) {
  const bool only_objects = outline.objects() == outline.elements();
  const bool uniform = only_objects && outline.keys().uniform();
  if (context.for_function && !uniform && !(only_objects && context.columns_given)) {
    // A function with one unnamed json parameter takes any value.
    Payload payload = MakePayload(Payload::Kind::kRaw, body);
    payload.mixed = true;
    return payload;
  }
  if (!uniform && !context.columns_given) return KeysDiffer();
  Payload payload = MakePayload(Payload::Kind::kJsonArray, body);
  payload.keys = outline.keys().Sorted();
  payload.keys_differ = !uniform || outline.keys().is_full();
  payload.elements = outline.elements();
  return payload;
}

}  // namespace

Error KeysDiffer() { return Error(ErrorId::kInvalidBody, "All object keys must match"); }

Result<Payload> ParseJsonPayload(std::string_view body, const PayloadContext& context) {
  if (body.empty() && context.for_function) body = "{}";
  Outline outline;
  switch (ScanJson(body, context.json_nesting_max, outline)) {
    case JsonCheck::kValid:
      break;
    case JsonCheck::kMalformed:
      return Error(ErrorId::kInvalidBody, "Empty or invalid json");
    case JsonCheck::kTooDeep:
      return Error(ErrorId::kInvalidBody, "The JSON is nested too deeply")
          .WithDetail("At most " + std::to_string(context.json_nesting_max) +
                      " arrays and objects may be open at once");
  }
  if (outline.root() == JsonKind::kArray) return ArrayPayload(outline, body, context);
  if (outline.root() == JsonKind::kScalar) {
    return context.for_function ? MakePayload(Payload::Kind::kRaw, body) : MakePayload(Payload::Kind::kJsonArray, "[]");
  }
  Payload payload = MakePayload(Payload::Kind::kJsonObject, body);
  payload.keys = outline.keys().Sorted();
  payload.keys_differ = outline.keys().is_full();
  payload.elements = 1;
  return payload;
}

}  // namespace pando::rest
