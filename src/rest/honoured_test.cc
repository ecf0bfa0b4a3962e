#include "rest/honoured.h"

#include <gtest/gtest.h>

#include <vector>

#include "rest/request.h"

namespace pando::rest {
namespace {

struct Case {
  std::string_view method;
  std::string_view query;
  std::string_view prefer = "";
  std::string_view path = "/items";
};

std::string OutcomeOf(const Case& it, bool of_write = false) {
  RawRequest raw;
  raw.method = it.method;
  raw.path = it.path;
  raw.query = it.query;
  raw.body = it.method == "POST" || it.method == "PUT" || it.method == "PATCH" ? "{}" : "";
  raw.headers = [&](std::string_view name) {
    return name == "Prefer" ? std::vector<std::string_view>{it.prefer} : std::vector<std::string_view>();
  };
  raw.of_write = of_write;
  ParseOptions options;
  options.prefix = "/";
  const Result<Request> request = ParseRequest(raw, options);
  if (request) return "accepted";
  return std::string(request.error().code()) + " " + request.error().message();
}

constexpr std::string_view kRows = "return=representation", kMerge = "resolution=merge-duplicates";

TEST(Honoured, RefusesWhatDoesNotChooseTheRowsOfAWrite) {
  const Case cases[] = {
      {"DELETE", "limit=1"},
      {"DELETE", "id=eq.1&offset=0", kRows},
      {"PATCH", "order=id&limit=1", kRows},
      {"POST", "limit=1", kRows},
      {"POST", "id=eq.1"},
      {"POST", "or=(id.eq.1)", kMerge},
      {"DELETE", "select=*,tasks!inner(*)"},
      {"DELETE", "select=*,tasks!inner(*)&tasks.id=eq.1", kRows},
      {"PATCH", "select=*,t:tasks!fk!inner(id)&id=eq.1", kRows},
      {"PUT", "select=*,...tasks!inner(id)&id=eq.1", kRows},
      {"DELETE", "select=*,tasks(*)&tasks=is.null", kRows},
      {"DELETE", "select=*,t:tasks(*)&t=not.is.null", kRows},
      {"PATCH", "select=*,tasks(*)&tasks=is.not_null", kRows},
      {"PATCH", "select=*,tasks(*)&or=(id.eq.1,and(tasks.is.null,id.eq.2))", kRows},
  };
  for (const Case& it : cases) {
    EXPECT_TRUE(OutcomeOf(it).starts_with("PANDO2012 ")) << it.method << it.query << ": " << OutcomeOf(it);
    EXPECT_NE(OutcomeOf(it).find("choose which rows"), std::string::npos) << OutcomeOf(it);
  }
}

TEST(Honoured, RefusesWhatShapesRowsThatAreNotShown) {
  for (const std::string_view method : {"POST", "PATCH", "DELETE"}) {
    for (const std::string_view query :
         {"order=id", "select=*,tasks(*)&tasks.id=eq.1", "select=*,tasks(*)&tasks.or=(id.eq.1,id.eq.2)",
          "select=*,tasks(*)&tasks.order=id", "select=*,tasks(*)&tasks.limit=1",
          "select=*,tasks(*,users(*))&tasks.users.not.and=(id.eq.1)"}) {
      for (const std::string_view prefer : {"", "return=minimal", "return=headers-only"}) {
        const std::string outcome = OutcomeOf({method, query, prefer});
        EXPECT_TRUE(outcome.starts_with("PANDO2012 ")) << method << query << ": " << outcome;
      }
      EXPECT_EQ(OutcomeOf({method, query, kRows}), "accepted") << method << query;
    }
  }
}

TEST(Honoured, RefusesReservedNamesWhereTheyMeanNothing) {
  const Case cases[] = {
      {"GET", "columns=id"},
      {"HEAD", "columns=id"},
      {"DELETE", "columns=id"},
      {"GET", "on_conflict=id"},
      {"DELETE", "on_conflict=id"},
      {"PATCH", "on_conflict=id"},
      {"PUT", "on_conflict=id"},
      {"POST", "on_conflict=id"},
      {"GET", "columns=id", "", "/rpc/f"},
      {"POST", "on_conflict=id", kMerge, "/rpc/f"},
  };
  for (const Case& it : cases) {
    EXPECT_TRUE(OutcomeOf(it).starts_with("PANDO2012 ")) << it.method << it.query << ": " << OutcomeOf(it);
  }
}

TEST(Honoured, AcceptsWhatIsHonoured) {
  const Case cases[] = {
      {"GET", "select=*,tasks!inner(*)&tasks.id=eq.1&tasks=not.is.null&order=id&limit=1&offset=1&tasks.limit=1"},
      {"HEAD", "order=id&limit=1"},
      {"POST", "columns=id&on_conflict=id", kMerge},
      {"POST", "select=*,tasks!inner(*)&order=id", kRows},
      {"POST", "select=id"},
      {"PATCH", "id=eq.1&or=(a.is.null,b.eq.1)&columns=id&select=id"},
      // Below an embed of every row, it chooses rows of the embed alone.
      {"PATCH", "select=*,tasks(*,users!inner(*))&id=eq.1", kRows},
      {"DELETE", "select=*,tasks(*)&other=is.null&tasks=eq.1", kRows},
      {"DELETE", ""},
      {"POST", "id=gt.1&limit=1&order=id&columns=a", "", "/rpc/f"},
      {"OPTIONS", "columns=id"},
      {"GET", "columns=id", "", "/"},
  };
  for (const Case& it : cases) EXPECT_EQ(OutcomeOf(it), "accepted") << it.method << it.query;
}

TEST(Honoured, IsLeftToTheWriteThatAReadIsAbout) {
  EXPECT_EQ(OutcomeOf({"GET", "columns=id&id=eq.1"}, true), "accepted");
}

}  // namespace
}  // namespace pando::rest
