from pivotal_sandbox.lint.languages import BY_SUFFIX, word_set


def test_the_languages_of_common_handlers_are_known() -> None:
    assert {".js", ".ts", ".tsx", ".go", ".php", ".rb", ".java", ".kt", ".cs"} <= BY_SUFFIX.keys()


def test_each_language_knows_who_computes_and_who_writes() -> None:
    for language in BY_SUFFIX.values():
        assert language.quotes
        assert language.macs
        assert language.feeders
        assert language.writers
        assert language.readers or language.fillers


def test_a_set_of_words_is_written_as_a_text() -> None:
    assert word_set(" a b\n c ") == {"a", "b", "c"}
