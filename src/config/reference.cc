#include "config/reference.h"

#include <string_view>

#include "base/error_table.h"
#include "config/postgrest.h"

namespace pando::config {
namespace {

// `text` in lines of at most `columns` characters, each behind `indent` blanks.
std::string Wrapped(std::string_view text, size_t indent, size_t columns) {
  std::string wrapped;
  std::string line(indent, ' ');
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (line.size() > indent && line.size() + 1 + word.size() > columns) {
      wrapped += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped + line + "\n";
}

// A cell of a Markdown table: a bar would end it.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c == '\n' ? ' ' : c;
  }
  return cell;
}

std::string SectionOf(const std::string& name) { return name.substr(0, name.rfind('.')); }

std::string Notice(std::string_view command) {
  return "<!-- Printed by `pando config " + std::string(command) + "`: run `./dev docs` rather than edit it. -->\n\n";
}

std::string OptionRows(const Registry& registry) {
  std::string page;
  std::string section;
  for (const auto& slot : registry.slots()) {
    const OptionRow& row = slot->row();
    if (SectionOf(row.name) != section) {
      section = SectionOf(row.name);
      page += "\n## [" + section + "]\n\n| option | default | allowed | changes | meaning |\n";
      page += "| --- | --- | --- | --- | --- |\n";
    }
    page += "| `" + row.name + "` | `" + Cell(slot->DefaultToml()) + "` | " + Cell(row.allowed) + " | " +
            (row.reload == Reload::kLive ? "live" : "at start") + " | " + Cell(row.help) + " |\n";
  }
  return page;
}

std::string AliasRows(const Registry& registry) {
  std::string page;
  for (const Alias& alias : PostgrestAliases()) {
    bool is_ours = false;
    for (const OptionRow& row : registry.rows()) is_ours = is_ours || row.name == alias.option;
    if (!is_ours) continue;
    page += "| `" + std::string(alias.variable) + "` | `" + std::string(alias.option) + "` | " +
            (alias.in_database ? "yes" : "") + " |\n";
  }
  return page;
}

constexpr std::string_view kOptionsIntroduction =
    R"(# Options

Every option has one name. `http.listen` is

- `listen` in the section `[http]` of the TOML file (`pando.toml` in the working directory, or `--config FILE`),
- the environment variable `PANDO_HTTP_LISTEN`,
- the flag `--http.listen VALUE` or `--http.listen=VALUE`.

A flag wins over the environment, and the environment over the file. Pando does not start with an unknown name, with a
value of the wrong type, or with a value out of range. `pando config` prints the values in force, and where each one came
from.

In a variable or flag a list is written with commas (an element in double quotes may hold commas itself). A table is
written entry by entry: the last part of the name is the entry (`PANDO_REST_APP_SETTINGS_COLOUR=red`). A duration needs
its unit: `500ms`, `10s`, `5m`, `1h`. An empty string unsets an option that may be unset.

Pando reads *live* options again on SIGHUP. The others need a restart.
)";

constexpr std::string_view kAliasesIntroduction = R"(
## PostgREST's variables

Pando takes PostgREST's variables as aliases of the options above, so that you can put Pando in the place of PostgREST
without other changes. These variables win over the file, and a `PANDO_` variable wins over them. An empty variable counts
as unset. When any `PGRST_` variable is set, some defaults are those of PostgREST: `rest.prefix` is `/`, `http.listen` is
`0.0.0.0:3000`, and `auth.anonymous_role` is none. `rest.client_error_verbosity` is then `postgrest`, and
`PGRST_CLIENT_ERROR_VERBOSITY=verbose` means `postgrest` as well.

`PGRST_SERVER_HOST` and `PGRST_SERVER_PORT` together are `http.listen`, `PGRST_ADMIN_SERVER_HOST` and
`PGRST_ADMIN_SERVER_PORT` are `admin.listen` (of the special hosts, `*`, `*4` and `!4` are all IPv4 addresses, `*6` and
`!6` all IPv6 addresses), and `PGRST_APP_SETTINGS_NAME` is the entry `name` of `rest.app_settings`.

| variable | option | also in the database |
| --- | --- | --- |
)";

}  // namespace

std::string HelpText(const Registry& registry, size_t columns) {
  std::string text;
  std::string section;
  for (const auto& slot : registry.slots()) {
    const OptionRow& row = slot->row();
    if (SectionOf(row.name) != section) {
      section = SectionOf(row.name);
      text += "\n[" + section + "]\n";
    }
    text += "  --" + row.name + (row.is_map ? ".NAME" : "") + " = " + slot->DefaultToml() + "\n";
    text += Wrapped(row.help, 6, columns);
    text += Wrapped("Allowed: " + row.allowed + ".", 6, columns);
  }
  return text;
}

std::string OptionsPage(const Registry& registry) {
  return Notice("reference") + std::string(kOptionsIntroduction) + OptionRows(registry) +
         std::string(kAliasesIntroduction) + AliasRows(registry);
}

std::string ErrorsPage() {
  std::string page = Notice("errors") +
                     "# Errors\n\nThe `code` of an error body, of a message at the start, and of a log line. Codes are "
                     "stable. An error "
                     "of PostgreSQL has\nits SQLSTATE (five characters) as code, and is not listed here.\n\n"
                     "| code | kind | what happened |\n| --- | --- | --- |\n";
  for (const ErrorRow& row : AllErrors()) {
    if (row.id == ErrorId::kSqlstate) continue;
    page += "| `" + std::string(row.code) + "` | " + std::string(ToString(row.kind)) + " | " + Cell(row.title) + " |\n";
  }
  return page;
}

}  // namespace pando::config
