// A CopySession is a plain, blocking connection for jobs of the command line that fill tables with COPY. What serves
// requests uses Connection.
//
// Concurrency  single-owner; blocks
// Ownership    owns its connection
// Bounds       libpq sends what Write() is given before it takes more, so that nothing piles up
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pando::pg {

class CopySession {
 public:
  using Row = std::vector<std::optional<std::string>>;  // NULL is nullopt

  //   kDatabaseUnreachable  no server answered        kSqlstate  the server refused
  static Result<std::unique_ptr<CopySession>> Open(const std::string& uri);
  virtual ~CopySession() = default;

  // Runs one text of statements and returns the rows of the last one. REQUIRES: no COPY under way.
  //   kSqlstate, kDatabaseConnectionLost
  virtual Result<std::vector<Row>> Run(const std::string& sql) = 0;

  // `sql` is a COPY ... FROM STDIN. Its rows follow in any number of pieces, and Finish() makes them count: until then
  // nothing is seen of them, and when it fails nothing ever is.
  //   kSqlstate, kDatabaseConnectionLost
  virtual Result<void> Begin(const std::string& sql) = 0;
  virtual Result<void> Write(std::string_view bytes) = 0;
  virtual Result<void> Finish() = 0;
};

}  // namespace pando::pg
