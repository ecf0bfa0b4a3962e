// Functions: those that can be called, computed columns, computed relationships and media type handlers.
//
// Concurrency  pure
#pragma once

#include "catalog/snapshot.h"
#include "introspect/extension_reader.h"
#include "introspect/footprint_graph.h"
#include "introspect/introspect.h"
#include "introspect/queries.h"
#include "introspect/relation_reader.h"
#include "introspect/type_reader.h"

namespace pando::introspect {

// What has been read already.
struct FunctionContext {
  const Answers& answers;
  const IntrospectOptions& options;
  const RelationRecords& relations;
  const TypeRecords& types;
  const FootprintGraph& footprints;
  const ExtensionFunctions& extensions;
};

// Fills functions, computed_columns, computed_relationships, media_handlers and pre_request. Functions of extensions
// that no role is shown are left out.
void ReadFunctions(const FunctionContext& context, catalog::Snapshot& snapshot);

}  // namespace pando::introspect
