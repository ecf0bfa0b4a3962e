// The common table expression that a write or a call reads from: INSERT, UPDATE, DELETE ... RETURNING, or a function.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "plan/plan.h"
#include "sql/writer.h"

namespace pando::sql {

// The setting that counts the rows an upsert inserted: up for each row tried, down for each that was there already.
inline constexpr const char* kInsertedSetting = "pando.inserted";

// The rows of the answer, in FROM.
inline constexpr const char* kRows = "pando_rows";

void WriteMutation(Writer& out, const plan::Plan& plan, const rest::Payload& payload);

// SELECT of the function's rows, or of its values as one column, ValueColumn(). `node` reads them.
void WriteCall(Writer& out, const plan::Call& call, const rest::Payload& payload, const plan::Node& node);
inline const std::string& ValueColumn(const plan::Call& call) { return call.function->name.name; }

}  // namespace pando::sql
