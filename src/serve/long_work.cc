#include "serve/long_work.h"

#include <utility>

#include "sql/flat.h"

namespace pando::serve {

Result<Shape> MakeLongShape(http::Request& request, const Config& config, const std::string& role) {
  PANDO_TRY(rest::Request parsed, ParseHttp(request, request.query(), config));
  request.body = std::string();
  PANDO_TRY(Shape shape, MakeShape(std::move(parsed), config, role, Printer::kServer));
  shape.request.payload = rest::Payload();
  return shape;
}

Result<Printed> ReadRows(const pg::Rows& rows, const Shape& shape, RowPrinter& printer, RowKeys* keys,
                         Outcome& outcome) {
  if (!shape.statement.shape.flat) {
    PANDO_CHECK(ReadOutcome(rows, shape.statement.shape, outcome));
    return Printed::kYes;
  }
  const bool is_printed = rows.size() <= sql::kFlatRowsMax && PrintOutcome(rows, shape.plan, printer, keys, outcome);
  return is_printed ? Printed::kYes : Printed::kOnlyByDatabase;
}

LongAnswer ReadLongRows(LentRows& lent, const Shape& shape) {
  lent.memory.Hold(2 * lent.rows.text_bytes());
  RowPrinter printer;
  LongAnswer answer{{}, Printed::kYes};
  answer.read = ReadRows(lent.rows, shape, printer, nullptr, answer.outcome);
  return answer;
}

}  // namespace pando::serve
