#include "auth/secret_text.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>

#include "auth/base64url.h"
#include "auth/bounded_json.h"
#include "auth/signature.h"
#include "base/ascii.h"

namespace pando::auth {
namespace {

constexpr size_t kSecretBytesMax = size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\r\n\v\f";
// Files of variables keep the quotes around a value.
constexpr std::string_view kBlanksAndQuotes = " \t\r\n\v\f\"'";

Error Invalid(std::string message) { return Error(ErrorId::kConfigInvalid, "auth.jwt_secret " + std::move(message)); }

std::string_view Stripped(std::string_view text, std::string_view characters) {
  const size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) + 1 - begin);
}

std::string_view WithoutByteOrderMark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

Result<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Invalid("names the file " + path + ", which cannot be read");
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Invalid("names the file " + path + ", which cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool BeginsWithAny(std::string_view text, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](std::string_view one) { return text.starts_with(one); });
}

constexpr bool IsLetterOrDigit(char c) { return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'z'); }

bool HoldsOnly(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return IsLetterOrDigit(c) || Contains(marks, {&c, 1});
  });
}

bool IsBlankText(std::string_view text) { return !text.empty() && Stripped(text, kBlanksAndQuotes).empty(); }

// Letters of ASCII in UTF-16 or UTF-32: half of their bytes or more are NUL.
bool IsWideText(std::string_view text) {
  constexpr size_t kBytesLooked = 16, kNulsMin = 6;
  const std::string_view start = text.substr(0, kBytesLooked);
  return std::count(start.begin(), start.end(), '\0') >= ptrdiff_t{kNulsMin};
}

// RFC 7468, the older form of RFC 4716 that SSH has, and what `openssl -text` prints.
bool HoldsPem(std::string_view text) {
  return Contains(text, "-----BEGIN") || Contains(text, "---- BEGIN ") || Contains(text, "Public-Key: (");
}

// A key as SSH writes it (RFC 4253, 6.6): the length of its type, and the type.
bool IsSshBlob(std::string_view bytes) {
  static constexpr auto kTypes = std::to_array<std::string_view>({"ssh-", "ecdsa-", "sk-"});
  constexpr size_t kTypeBytesMax = 64;
  return bytes.size() > 4 && bytes.starts_with(std::string_view("\0\0\0", 3)) &&
         static_cast<unsigned char>(bytes[3]) <= kTypeBytesMax && BeginsWithAny(bytes.substr(4), kTypes);
}

bool HoldsSshKey(std::string_view text) {
  static constexpr auto kTypes = std::to_array<std::string_view>(
      {"ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-nistp", "sk-ssh-ed25519@", "sk-ecdsa-sha2-"});
  return IsSshBlob(text) || std::any_of(kTypes.begin(), kTypes.end(), [text](std::string_view type) {
           const size_t at = text.find(type);
           return at != std::string_view::npos && text.find_first_of(kBlanks, at) != std::string_view::npos;
         });
}

bool HoldsXml(std::string_view text) {
  return Stripped(text, kBlanksAndQuotes).starts_with('<') && Contains(text, "</");
}

// "kty" as the name of a member, in quotes of any kind, escaped, or bare as in YAML.
bool NamesKeyType(std::string_view text) {
  constexpr std::string_view kName = "kty", kBehind = "\"'\\:= \t&%";
  for (size_t at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1)) {
    const std::string_view before = text.substr(0, at), behind = text.substr(at + kName.size());
    const bool begins_word = before.empty() || !IsLetterOrDigit(before.back()) || before.ends_with("%22");
    if (begins_word && !behind.empty() && Contains(kBehind, behind.substr(0, 1))) return true;
  }
  return false;
}

// Among other text, in quotes, escaped or encoded. What is JSON and nothing else has been taken for keys before.
bool HoldsJson(std::string_view text) {
  const std::string_view inside = Stripped(text, kBlanksAndQuotes);
  const bool is_quoted = inside.data() != Stripped(text, kBlanks).data();
  const bool begins = inside.starts_with('{') || inside.starts_with('[');
  return NamesKeyType(text) || (begins && (is_quoted || ParseJson(inside)));
}

// host.example/path or host:8080/path without a scheme. Secrets have dots and slashes too, but seldom a name of small
// letters in front.
bool IsHostAndPath(std::string_view text) {
  constexpr size_t kHostBytesMin = 7;  // shorter ones occur in random texts
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || !HoldsOnly(text, "/._~-:%?=&@+")) return false;
  std::string_view host = text.substr(0, slash);
  const size_t colon = host.find(':');
  const bool has_port = colon != std::string_view::npos && colon + 1 < host.size() &&
                        std::all_of(host.begin() + static_cast<ptrdiff_t>(colon) + 1, host.end(), IsDigit);
  host = host.substr(0, colon);
  const size_t dot = host.rfind('.');
  const auto is_small = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '-'; };
  if (!std::all_of(host.begin(), host.end(), is_small)) return false;
  if (has_port && host.size() >= 2) return true;
  return dot != std::string_view::npos && dot > 0 && host.size() - dot > 2 && host.size() >= kHostBytesMin;
}

bool HoldsUrl(std::string_view text) {
  static constexpr auto kMarks = std::to_array<std::string_view>(
      {"http://", "https://", "http:\\/\\/", "https:\\/\\/", "http%3a%2f%2f", "https%3a%2f%2f"});
  static constexpr auto kOthers = std::to_array<std::string_view>({"file:", "data:", "did:", "urn:", "arn:"});
  const std::string lower = ToLower(Stripped(text, kBlanksAndQuotes));
  std::string_view inside = lower;
  if (std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return Contains(inside, mark); }))
    return true;
  if (BeginsWithAny(inside, kOthers)) return true;
  const size_t scheme = inside.find("://");
  if (scheme != std::string_view::npos && scheme > 0 && HoldsOnly(inside.substr(0, scheme), "+-.")) return true;
  std::string_view written = Stripped(text, kBlanksAndQuotes);
  if (written.starts_with("//")) written.remove_prefix(2);
  return IsHostAndPath(written);
}

// The key that a site gives to browsers is a token, and stands beside the secret where both are shown.
bool HoldsToken(std::string_view text) {
  constexpr std::string_view kBraceInBase64 = "eyJ";
  for (size_t at = text.find(kBraceInBase64); at != std::string_view::npos; at = text.find(kBraceInBase64, at + 1)) {
    if (at > 0 && HoldsOnly(text.substr(at - 1, 1), "_-.+/")) continue;
    const std::string_view rest = text.substr(at);
    const auto* const end = std::find_if_not(rest.begin(), rest.end(), [](char c) {
      return HoldsOnly({&c, 1}, "_-.");
    });
    if (std::count(rest.begin(), end, '.') >= 2) return true;
  }
  return false;
}

// Base64 may begin with a slash, and has capital letters.
bool IsAbsolutePath(std::string_view text) {
  static constexpr auto kRoots = std::to_array<std::string_view>(
      {"/app/", "/config/", "/data/", "/dev/", "/etc/", "/home/", "/mnt/", "/opt/", "/proc/", "/root/", "/run/",
       "/secrets/", "/srv/", "/tmp/", "/usr/", "/var/", "/Users/"});
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (BeginsWithAny(text, kRoots)) return true;
  return text.starts_with('/') && HoldsOnly(text, "/._~-") && std::none_of(text.begin(), text.end(), is_capital);
}

bool IsPath(std::string_view text) {
  constexpr size_t kPathBytesMax = 4096;
  static constexpr auto kBeginnings =
      std::to_array<std::string_view>({"./", "../", "~/", "$HOME/", "${HOME}/", "$PWD/", "${PWD}/", "\\\\"});
  static constexpr auto kEndings =
      std::to_array<std::string_view>({".json", ".jwk", ".jwks", ".pem", ".key", ".pub", ".crt", ".cer", ".cert",
                                       ".der", ".p12", ".txt", ".yaml", ".yml"});
  text = Stripped(text, kBlanksAndQuotes);
  if (text.starts_with('@')) text.remove_prefix(1);
  if (text.empty() || text.size() > kPathBytesMax || text.find_first_of(std::string_view("\0\r\n", 3)) != text.npos)
    return false;
  const auto ends = [text](std::string_view ending) { return text.ends_with(ending); };
  const bool has_drive =
      text.size() > 2 && HoldsOnly(text.substr(0, 1), "") && text[1] == ':' && (text[2] == '\\' || text[2] == '/');
  if (has_drive || BeginsWithAny(text, kBeginnings) || IsAbsolutePath(text)) return true;
  if (std::any_of(kEndings.begin(), kEndings.end(), ends)) return true;
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path(text), ignored);
}

struct DerElement {
  size_t header = 0;  // bytes of its tag and length
  size_t size = 0;    // with these; 0 for none
};

// The element that `bytes` begin with (ITU-T X.690, 8.1).
DerElement FirstElement(std::string_view bytes) {
  const auto at = [bytes](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  constexpr size_t kLong = 0x80, kLengthBytesMax = 3;
  if (bytes.size() < 2) return {};
  if (at(1) < kLong) return {2, 2 + at(1)};
  const size_t length_bytes = at(1) - kLong;
  if (length_bytes == 0 || length_bytes > kLengthBytesMax || bytes.size() < 2 + length_bytes) return {};
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length = length << 8 | at(2 + i);
  return {2 + length_bytes, 2 + length_bytes + length};
}

// A key or certificate: a SEQUENCE that is all of it, begins with a SEQUENCE, an INTEGER or, as bundles of certificates
// do (RFC 5652, section 3), an OBJECT IDENTIFIER, and is no printable text.
bool IsDer(std::string_view bytes) {
  constexpr char kSequence = 0x30, kInteger = 0x02, kObjectIdentifier = 0x06;
  const DerElement whole = FirstElement(bytes);
  if (whole.size != bytes.size() || whole.size == 0 || bytes[0] != kSequence) return false;
  if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; })) return false;
  const std::string_view inside = bytes.substr(whole.header);
  const DerElement first = FirstElement(inside);
  return first.size > 0 && first.size <= inside.size() &&
         (inside[0] == kSequence || inside[0] == kInteger || inside[0] == kObjectIdentifier);
}

// The names of the kinds of keys, where they stand in the base64 of a public key (RFC 5280, 4.1): RSA, elliptic curves
// up to 384 bits and of 521, Ed25519.
bool HoldsDer(std::string_view text) {
  static constexpr auto kKinds =
      std::to_array<std::string_view>({"BgkqhkiG9w0BAQEFAAOC", "YHKoZIzj0CAQ", "ByqGSM49AgEG", "MCowBQYDK2VwAyEA"});
  if (IsDer(text)) return true;
  return std::any_of(kKinds.begin(), kKinds.end(), [text](std::string_view kind) { return Contains(text, kind); });
}

// An elliptic key as the bytes of its point, uncompressed (SEC 1 section 2.3.3), as browsers take it for pushed
// messages.
bool IsPoint(std::string_view bytes) {
  static constexpr auto kCurves = std::to_array<std::string_view>({"P-256", "P-384", "P-521"});
  if (bytes.size() % 2 == 0 || !bytes.starts_with('\x04')) return false;
  const size_t half = bytes.size() / 2;
  return std::any_of(kCurves.begin(), kCurves.end(), [&](std::string_view curve) {
    return SignatureKey::Ec(curve, bytes.substr(1, half), bytes.substr(1 + half)).has_value();
  });
}

// A public key of OpenPGP without its armor (RFC 9580, 4.2 and 5.5.2): the packet's tag and length, then the version,
// the time, the algorithm.
bool IsPgp(std::string_view bytes) {
  constexpr size_t kPacketBytesMin = 32, kAlgorithmsKnown = 28, kTimeBytes = 4;
  const auto at = [bytes](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  if (bytes.size() < kPacketBytesMin) return false;
  size_t header = 0, size = 0;
  if (at(0) == 0x98 || (at(0) == 0xC6 && at(1) < 192)) {
    header = 2;
    size = at(1);
  } else if (at(0) == 0x99) {
    header = 3;
    size = at(1) << 8 | at(2);
  } else if (at(0) == 0xC6 && at(1) < 224) {
    header = 3;
    size = ((at(1) - 192) << 8) + at(2) + 192;
  }
  if (header == 0 || header + size > bytes.size() || size < kPacketBytesMin) return false;
  const size_t version = at(header), algorithm = at(header + 1 + kTimeBytes);
  return (version == 4 || version == 6) && algorithm > 0 && algorithm <= kAlgorithmsKnown;
}

struct Rule {
  bool (*holds)(std::string_view text);
  std::string_view why;
};

constexpr auto kRules = std::to_array<Rule>({
    {IsBlankText, "is blank"},
    {HoldsPem, "is a key or certificate in PEM: write the public key as a JWK, {\"kty\": ...}"},
    {HoldsSshKey, "is a key of SSH: write the public key as a JWK, {\"kty\": ...}"},
    {HoldsXml, "is XML or HTML: write the public key as a JWK, {\"kty\": ...}"},
    {HoldsDer, "is a key or certificate in DER: write the public key as a JWK, {\"kty\": ...}"},
    {IsPgp, "is a key of OpenPGP: write the public key as a JWK, {\"kty\": ...}"},
    {IsPoint, "is a public key as its bytes: write it as a JWK, {\"kty\": ...}"},
    {IsWideText, "is UTF-16 or UTF-32: save the file as UTF-8"},
    {HoldsJson, "holds JSON among other text or encoded: write the JWK, the JWK set or the array of JWKs alone"},
    {HoldsUrl, "is a URL, and no keys are fetched: write the JWK set that it shows, or @ and a file's name"},
    {HoldsToken, "is a token: write the secret that signs tokens, or the public key as a JWK"},
    {IsPath, "is the name of a file: write @ in front of it, without quotes"},
});

// The text that hexadecimal digits stand for, also with colons between them, or behind the mark of PostgreSQL's bytea
// or of C.
std::optional<std::string> DecodeHex(std::string_view text) {
  if (text.starts_with("\\x") || text.starts_with("0x")) text.remove_prefix(2);
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ':' || Contains(kBlanks, {&c, 1})) continue;
    const int digit = HexValue(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      bytes += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  if (high >= 0) return std::nullopt;
  return bytes;
}

// Without the line breaks that were written as a backslash and a letter.
std::string WithoutEscapedBreaks(std::string_view text) {
  std::string joined;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_break = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 'r');
    if (is_break) {
      ++i;
    } else {
      joined += text[i];
    }
  }
  return joined;
}

// RFC 3986, 2.1; nullopt where nothing is encoded.
std::optional<std::string> DecodePercent(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_encoded =
        text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0;
    if (!is_encoded) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(HexValue(text[i + 1]) << 4 | HexValue(text[i + 2]));
    i += 2;
  }
  if (bytes.size() == text.size()) return std::nullopt;
  return bytes;
}

// `decodings`: how often a text may have been encoded.
std::string_view WhyNoSecretWithin(std::string_view bytes, int decodings) {
  for (const Rule& rule : kRules) {
    if (rule.holds(bytes)) return rule.why;
  }
  if (decodings == 0) return {};
  const std::string joined = WithoutEscapedBreaks(Stripped(bytes, kBlanksAndQuotes));
  for (const std::optional<std::string>& decoded :
       {DecodeBase64Lenient(joined), DecodeHex(joined), DecodePercent(joined)}) {
    if (!decoded) continue;
    if (const std::string_view why = WhyNoSecretWithin(*decoded, decodings - 1); !why.empty()) return why;
  }
  return {};
}

Result<std::string> ParseHmac(std::string_view text, bool base64) {
  // What 32 characters hold, two of them padding.
  constexpr size_t kDecodedBytesMin = 22;
  if (const std::string_view why = WhyNoSecret(text); !why.empty()) return Invalid(std::string(why));
  if (text.size() < kSecretBytesMin) {
    return Invalid("has " + std::to_string(text.size()) + " characters, and at least " +
                   std::to_string(kSecretBytesMin) + " are needed");
  }
  if (!base64) return std::string(text);
  std::optional<std::string> decoded = DecodeBase64Lenient(text);
  if (!decoded) return Invalid("is not base64, although auth.jwt_secret_is_base64 is set");
  if (decoded->size() < kDecodedBytesMin) {
    return Invalid("has less than " + std::to_string(kSecretBytesMin) + " characters of base64");
  }
  return std::move(*decoded);
}

}  // namespace

std::string_view WhyNoSecret(std::string_view bytes) {
  constexpr int kDecodings = 2;
  return WhyNoSecretWithin(bytes, kDecodings);
}

std::optional<std::string> SecretFile(const Secret& secret) {
  const std::string_view text = Stripped(WithoutByteOrderMark(secret.reveal()), kBlanks);
  if (!text.starts_with('@')) return std::nullopt;
  return std::string(text.substr(1));
}

Result<SecretText> ReadSecretText(const Secret& secret, bool base64) {
  SecretText read;
  if (secret.empty()) return read;
  std::string held = secret.reveal();
  if (const std::optional<std::string> file = SecretFile(secret)) {
    PANDO_TRY(held, ReadSecretFile(*file));
  }
  if (held.size() > kSecretBytesMax) return Invalid("is larger than 1 MiB");
  const std::string_view text = WithoutByteOrderMark(held);
  const std::string_view inside = Stripped(text, kBlanks);
  // What looks like JSON must be JSON: taken as a text, a public key with a typing mistake would become a secret that
  // everyone knows.
  if (inside.starts_with('{') || inside.starts_with('[')) {
    read.kind = SecretText::Kind::kKeys;
    read.text = inside;
    return read;
  }
  read.kind = SecretText::Kind::kHmac;
  PANDO_TRY(read.text, ParseHmac(text, base64));
  return read;
}

}  // namespace pando::auth
