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

Result<void> ReadRows(const pg::Rows& rows, const Shape& shape, RowPrinter& printer, RowKeys* keys, bool& print_here,
                      Outcome& outcome) {
  if (!shape.statement.shape.flat) return ReadOutcome(rows, shape.statement.shape, outcome);
  if (rows.size() > sql::kFlatRowsMax) {
    print_here = false;
    return Error(ErrorId::kProtocol, "there are more rows than are printed here");
  }
  if (PrintOutcome(rows, shape.plan, printer, keys, outcome)) return {};
  print_here = false;
  return Error(ErrorId::kProtocol, "a value cannot be printed as JSON here");
}

LongAnswer ReadLongRows(LentRows& lent, const Shape& shape) {
  lent.memory.Hold(2 * lent.rows.text_bytes());
  LongAnswer answer;
  RowPrinter printer;
  answer.read = ReadRows(lent.rows, shape, printer, nullptr, answer.print_here, answer.outcome);
  return answer;
}

}  // namespace pando::serve
