// A Writer grows the text of one statement and the list of its parameters.
//
// Concurrency  single-owner
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/statement.h"

namespace pando::sql {

class Writer {
 public:
  Writer& operator<<(std::string_view text) {
    query_.sql += text;
    return *this;
  }
  // Quoted: any bytes are safe.
  Writer& Name(std::string_view name);
  Writer& Name(const catalog::QualifiedName& name);
  // "alias"."column"
  Writer& Column(std::string_view alias, std::string_view column);
  // ("1", "2", ... "count"): names for the columns of a derived table, by position, that no name of a user's meets.
  Writer& Positions(size_t count);
  // A literal, for names of the catalog in places that take no parameter.
  Writer& Literal(std::string_view text);
  // The next $n.
  Writer& Value(std::string value);
  // A $n that is used again for the same text: equal expressions stay equal (GROUP BY).
  Writer& SharedValue(const std::string& value);
  Writer& Number(int64_t number);

  // "pando_1", "pando_2" ...: names of ours for derived tables, but for those that are reserved.
  std::string NextAlias();
  void Reserve(std::string name);

  Query Take() { return std::move(query_); }

 private:
  Query query_;
  std::vector<std::pair<std::string, size_t>> shared_;
  std::vector<std::string> reserved_;
  int aliases_ = 0;
};

}  // namespace pando::sql
