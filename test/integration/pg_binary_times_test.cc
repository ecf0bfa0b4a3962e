// Dates and times that come in binary, beside the JSON that the server makes of them.
#include "base/assert.h"
#include "integration/pg_fixture.h"
#include "pgtypes/binary_time.h"

namespace pando::pg {
namespace {

class PgBinaryTimesTest : public PgTest {
 protected:
  // Of each row two columns: a time and its JSON.
  void Compare(Connection& connection, const std::string& sql, bool in_binary) {
    Command command = Sql(sql);
    command.binary_times = true;
    ASSERT_TRUE(Run(connection, Do({command})));  // from now on the columns are known
    auto answer = Run(connection, Do({command}));
    ASSERT_TRUE(answer);
    const Rows& rows = answer->at(0);
    ASSERT_EQ(rows.column(0).binary, in_binary);
    ASSERT_GT(rows.size(), 0);
    const pgtypes::JsonForm form = pgtypes::JsonFormOf(rows.type(0));
    for (int row = 0; row < rows.size(); ++row) {
      char json[pgtypes::kBinaryTimeJsonSizeMax + 100];
      const std::string_view value = rows.Text(row, 0);
      const char* end =
          in_binary ? pgtypes::WriteBinaryTimeJson(json, form, value) : pgtypes::WriteJson(json, form, value);
      ASSERT_TRUE(end);
      ASSERT_EQ(std::string_view(json, static_cast<size_t>(end - json)), rows.Text(row, 1));
    }
  }
};

// Every second day of 12,000 years around the epoch, and everything at the ends.
TEST_F(PgBinaryTimesTest, DatesAreWhatTheServerPrints) {
  auto connection = Connect();
  Compare(*connection,
          "select d, to_json(d)::text from (select '2000-01-01'::date + 2 * i as d from "
          "generate_series(-1200000, 1000000) i union all select unnest(array['-infinity', 'infinity', "
          "'4714-11-24 BC', '5874897-12-31', '0001-12-31 BC', '0001-01-01', '9999-12-31', '10000-01-01']::date[])) t",
          true);
}

TEST_F(PgBinaryTimesTest, TimestampsAreWhatTheServerPrints) {
  auto connection = Connect();
  const std::string times =
      "(select setseed(0.5)) s, lateral (select '2000-01-01'::timestamp + (random() - 0.5) * interval '12000 years' + "
      "random() * interval '1 second' as t from generate_series(1, 200000) union all select '2026-11-24'::timestamp + "
      "i * interval '1 microsecond' from generate_series(0, 1200000, 37) i union all select unnest(array['-infinity', "
      "'infinity', '4714-11-24 00:00:00 BC', '294276-12-31 23:59:59.999999', '0001-12-31 23:59:59.9 BC', "
      "'0001-01-01', '1999-12-31 23:59:59.999999']::timestamp[])) u";
  Compare(*connection, "select t, to_json(t)::text from " + times, true);
  ASSERT_TRUE(Run(*connection, Do({Sql("set timezone = 'UTC'")})));
  Compare(*connection, "select z, to_json(z)::text from (select t at time zone 'UTC' as z from " + times + ") v", true);
}

TEST_F(PgBinaryTimesTest, TimesInOtherZonesStayText) {
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({Sql("set timezone = 'Europe/Berlin'")})));
  Compare(*connection, "select t, to_json(t)::text from (select '2026-11-24 12:00+00'::timestamptz as t) u", false);
  ASSERT_TRUE(Run(*connection, Do({Sql("set timezone = 'Etc/UTC'")})));
  Compare(*connection, "select t, to_json(t)::text from (select '2026-11-24 12:00+00'::timestamptz as t) u", true);
}

TEST_F(PgBinaryTimesTest, WhoDoesNotAskForItGetsText) {
  auto connection = Connect();
  const Exchange exchange = Do({Sql("select '2026-11-24'::date")});
  ASSERT_TRUE(Run(*connection, exchange));
  auto answer = Run(*connection, exchange);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->at(0).Text(0, 0), "2026-11-24");
}

}  // namespace
}  // namespace pando::pg
