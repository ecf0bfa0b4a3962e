// OpenApiDocuments keeps finished OpenAPI documents, so that each is written once for a catalog, what a role may see of
// it, and a version of OpenAPI.
//
// Concurrency  thread-safe: shared by the loops and the worker that writes the documents
// Bounds       kept_max documents of one configuration; the least recently used one goes
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog/names.h"
#include "serve/config.h"
#include "serve/openapi.h"

namespace pando::serve {

class OpenApiDocuments {
 public:
  using Document = std::shared_ptr<const std::string>;

  // What a document depends on. `config` has the catalog and the options.
  struct Key {
    std::shared_ptr<const Config> config;
    std::string schema;
    OpenApiVersion version = OpenApiVersion::k2_0;
    std::optional<std::vector<catalog::Oid>> accessible;  // sorted; nullopt: everything is shown
    std::vector<catalog::Oid> extension_functions = {};   // sorted; those that are shown
    friend bool operator==(const Key&, const Key&) = default;
  };

  explicit OpenApiDocuments(size_t kept_max = 16) : kept_max_(kept_max) {}

  // Null: it is not written yet.
  Document Find(const Key& key);
  // Forgets the documents of other configurations.
  void Update(const std::shared_ptr<const Config>& config);
  // The kept document, or a new one that is written now and kept. Linear in the size of the schema.
  Document FindOrWrite(const Key& key);

 private:
  struct Kept {
    Key key;
    Document document;
  };

  void Keep(const Key& key, const Document& document);

  const size_t kept_max_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // guarded by mutex_; the most recently used first
};

}  // namespace pando::serve
