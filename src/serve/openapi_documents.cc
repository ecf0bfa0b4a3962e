#include "serve/openapi_documents.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace pando::serve {

OpenApiDocuments::Document OpenApiDocuments::Find(const Key& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->document;
}

OpenApiDocuments::Document OpenApiDocuments::FindOrWrite(const Key& key) {
  if (Document kept = Find(key)) return kept;
  std::optional<std::unordered_set<catalog::Oid>> accessible;
  if (key.accessible) accessible.emplace(key.accessible->begin(), key.accessible->end());
  const OpenApiInput input{*key.config->catalog,
                           key.schema,
                           key.config->rest,
                           std::move(accessible),
                           {key.extension_functions.begin(), key.extension_functions.end()}};
  auto document = std::make_shared<const std::string>(WriteOpenApi(input, key.version));
  Keep(key, document);
  return document;
}

void OpenApiDocuments::Update(const std::shared_ptr<const Config>& config) {
  std::list<Kept> gone;  // freed without the lock
  const std::scoped_lock lock(mutex_);
  for (auto at = kept_.begin(); at != kept_.end();) {
    const auto next = std::next(at);
    if (at->key.config != config) gone.splice(gone.end(), kept_, at);
    at = next;
  }
}

void OpenApiDocuments::Keep(const Key& key, const Document& document) {
  std::list<Kept> gone;  // freed without the lock
  const std::scoped_lock lock(mutex_);
  kept_.push_front({key, document});
  if (kept_.size() > kept_max_) gone.splice(gone.end(), kept_, std::prev(kept_.end()));
}

}  // namespace pando::serve
