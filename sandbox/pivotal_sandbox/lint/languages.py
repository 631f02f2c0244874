"""What the scan must know of each language: its texts, its comments, and who computes a MAC."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quote:
    """One kind of text; `inner` opens code inside it, and `lines` says if it may go on."""

    open: str
    close: str
    inner: str = ""
    lines: bool = False
    escapes: bool = True


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is cut into tokens, and its names for what the rules are about.

    `macs` end in a MAC, `objects` are what computes one piece by piece, fed by `feeders`.
    `readers` parse a body, `fillers` parse it into an argument, `sources` are parsed by themselves
    and `writers` write it again.
    """

    quotes: tuple[Quote, ...]
    macs: frozenset[str]
    objects: frozenset[str]
    feeders: frozenset[str]
    readers: frozenset[str]
    writers: frozenset[str]
    sources: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    line_comments: tuple[str, ...] = ("//",)
    block_comments: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    regexes: bool = False
    heredoc: str = ""
    join: str = "+"
    starts_at: str = ""


def word_set(names: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(names.split())


_SINGLE, _DOUBLE = Quote("'", "'"), Quote('"', '"')

_JAVASCRIPT = Language(
    quotes=(_SINGLE, _DOUBLE, Quote("`", "`", inner="${", lines=True)),
    macs=word_set("digest"),
    objects=word_set("createHmac"),
    feeders=word_set("update"),
    readers=word_set("JSON.parse req.json request.json"),
    writers=word_set("JSON.stringify"),
    sources=word_set("req.body request.body"),
    regexes=True,
)
_GO = Language(
    quotes=(_SINGLE, _DOUBLE, Quote("`", "`", lines=True, escapes=False)),
    macs=word_set("Sum"),
    objects=word_set("hmac.New"),
    feeders=word_set("Write"),
    readers=frozenset(),
    fillers=word_set("Unmarshal Decode Bind BindJSON ShouldBindJSON ShouldBind BodyParser"),
    writers=word_set("json.Marshal json.MarshalIndent"),
)
_PHP = Language(
    quotes=(Quote("'", "'", lines=True), Quote('"', '"', lines=True)),
    macs=word_set("hash_hmac"),
    objects=frozenset(),
    feeders=word_set("hash_hmac"),
    readers=word_set("json_decode $request.all $request.input $request.json $request.toArray"),
    writers=word_set("json_encode"),
    sources=word_set("$_POST"),
    line_comments=("//", "#"),
    heredoc="<<<",
    join=".",
    starts_at="<?",
)
_RUBY = Language(
    quotes=(Quote("'", "'", lines=True), Quote('"', '"', inner="#{", lines=True)),
    macs=word_set("HMAC.hexdigest HMAC.digest HMAC.base64digest"),
    objects=word_set("HMAC.new"),
    feeders=word_set("HMAC.hexdigest HMAC.digest HMAC.base64digest update"),
    readers=word_set("JSON.parse JSON.load"),
    writers=word_set("to_json JSON.generate JSON.dump"),
    sources=word_set("params"),
    line_comments=("#",),
    block_comments=(("\n=begin", "\n=end"),),
    regexes=True,
    heredoc="<<",
)
_JAVA = Language(
    quotes=(Quote('"""', '"""', lines=True), _DOUBLE, _SINGLE),
    macs=word_set("doFinal hmacSha256 hmacSha256Hex"),
    objects=word_set("Mac.getInstance"),
    feeders=word_set("doFinal update"),
    readers=word_set("readValue readTree fromJson decodeFromString JSONObject"),
    writers=word_set("writeValueAsString writeValueAsBytes toJson toString encodeToString"),
)
_CSHARP = Language(
    quotes=(Quote('@"', '"', lines=True, escapes=False), _DOUBLE, _SINGLE),
    macs=word_set("ComputeHash HashData"),
    objects=word_set("HMACSHA256"),
    feeders=word_set("ComputeHash HashData"),
    readers=word_set("Deserialize DeserializeObject JsonDocument.Parse JObject.Parse"),
    writers=word_set("JsonSerializer.Serialize JsonConvert.SerializeObject ToString GetRawText"),
)

BY_SUFFIX = {
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"), _JAVASCRIPT),
    ".go": _GO,
    ".php": _PHP,
    ".rb": _RUBY,
    ".java": _JAVA,
    ".kt": _JAVA,
    ".cs": _CSHARP,
}
