//! Tests of the sanitiser.

use std::collections::HashSet;

use proptest::prelude::*;
use ratatui::buffer::CellWidth;

use super::*;

const WIDE: usize = 10_000;

fn forbidden(c: char) -> bool {
    hidden::is_hidden(c) && !('\u{2400}'..='\u{243f}').contains(&c)
}

fn assert_safe(shown: &str, input: &str) {
    assert!(
        !shown.chars().any(forbidden),
        "{input:?} shown as {shown:?}"
    );
}

#[test]
fn attacks_are_shown() {
    for (input, unicode, ascii) in [
        ("real\rfake", "real␍fake", r"real\rfake"),
        ("a\nb\tc\0\x7f", "a␊b␉c␀␡", r"a\nb\tc\x00\x7f"),
        (
            "\x1b[31mred\x1b]0;title\x07",
            "␛[31mred␛]0;title␇",
            r"\x1b[31mred\x1b]0;title\x07",
        ),
        ("\u{9b}31m", r"\u{9b}31m", r"\u{9b}31m"),
        ("adm\u{200b}in", r"adm\u{200b}in", r"adm\u{200b}in"),
        ("\u{202e}gnp.exe", r"\u{202e}gnp.exe", r"\u{202e}gnp.exe"),
        ("\u{301}x", r"\u{301}x", r"\u{301}x"),
        ("x\n\u{301}", r"x␊\u{301}", r"x\n\u{301}"),
        ("a\u{200d}\u{301}", r"a\u{200d}\u{301}", r"a\u{200d}\u{301}"),
        ("\u{e0041}", r"\u{e0041}", r"\u{e0041}"),
        ("␊", r"\u{240a}", r"\u{240a}"),
        ("e\u{301}t", "e\u{301}t", r"e\u{301}t"),
        (r"C:\temp\users", r"C:\temp\users", r"C:\\temp\users"),
        (r"\u{200b}", r"\\u{200b}", r"\\u{200b}"),
        ("\\\u{200b}", r"\\\u{200b}", r"\\\u{200b}"),
        (r"\x1b", r"\x1b", r"\\x1b"),
        ("日本語", "日本語", r"\u{65e5}\u{672c}\u{8a9e}"),
    ] {
        assert_eq!(line(input, WIDE), unicode, "{input:?}");
        assert_eq!(Charset::Ascii.line(input, WIDE), ascii, "{input:?}");
    }
}

#[test]
fn floods_are_counted() {
    let flood = format!("e{}", "\u{301}".repeat(1000));
    assert_eq!(
        line(&flood, WIDE),
        format!("e{}\\{{+996}}", "\u{301}".repeat(4))
    );
    assert_eq!(
        line(&"\u{301}".repeat(9), WIDE),
        r"\u{301}\u{301}\u{301}\u{301}\{+5}"
    );
    let jamo = "\u{1100}".repeat(70_000);
    assert!(block(&jamo).ends_with(r"\{+69992}"));
}

#[test]
fn cuts_never_split() {
    for (input, width, want) in [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("abcdef", 1, "…"),
        ("abcdef", 0, ""),
        ("", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("日本語", 1, "…"),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ("ab\u{200b}", 9, "ab…"),
        ("ab\u{200b}", 10, r"ab\u{200b}"),
    ] {
        assert_eq!(line(input, width), want, "{input:?} in {width}");
    }
    assert_eq!(Charset::Ascii.line("abcdef", 5), "abcd~");
    assert_eq!(table_cell("日本語", 5), "日本…");
    assert_eq!(table_cell("日本語", 8), "日本語  ");
    assert_eq!(table_cell("日本語", 4), "日… ");
}

#[test]
fn blocks_keep_line_feeds_only() {
    assert_eq!(block("a\r\nb\tc\n"), "a␍\nb␉c\n");
    assert_eq!(block("a\n\u{301}"), "a\n\\u{301}");
    assert_eq!(Charset::Ascii.block("\\\na\u{85}"), "\\\na\\u{85}");
}

#[test]
fn every_character_is_safe_and_distinct() {
    for charset in [Charset::Unicode, Charset::Ascii] {
        let mut seen = HashSet::new();
        for c in '\0'..=char::MAX {
            let input = format!("a{c}b");
            let shown = charset.line(&input, WIDE);
            assert_safe(&shown, &input);
            assert!(charset == Charset::Unicode || shown.is_ascii(), "{shown:?}");
            assert!(seen.insert(shown), "{input:?} looks like another");
        }
    }
}

#[test]
fn bytes_are_shown_and_distinct() {
    assert_eq!(bytes(b"a\xffb\xe9\xa9z"), r"a\xffb\xe9\xa9z");
    assert!(matches!(bytes("aé\\n".as_bytes()), Cow::Borrowed(_)));
    assert_eq!(bytes(br"\xff"), r"\\xff");
    assert_eq!(bytes(b"\\\xff"), r"\\\xff");
    assert_eq!(line(&bytes(b"\xff\x1b"), WIDE), "\\xff␛");
    assert_eq!(Charset::Ascii.line(&bytes(b"\xff\x1b"), WIDE), r"\xff\x1b");
    for a in 0..=255u8 {
        for b in 0..=255u8 {
            let raw = [a, b];
            assert_safe(&line(&bytes(&raw), WIDE), &format!("{raw:?}"));
        }
    }
}

/// Text rich in what matters: backslashes, escapes spelled out, marks, controls.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\\".to_owned()),
        Just("u{301}".to_owned()),
        Just("{+1}".to_owned()),
        Just("x1b".to_owned()),
        Just("n".to_owned()),
        Just("\u{301}".to_owned()),
        Just("\u{903}".to_owned()),
        Just("\u{1161}".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("🙂".to_owned()),
        Just("\r\n".to_owned()),
        Just("ﾞ".to_owned()),
        Just("لا".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// A text that no flood shortens: only then is what is shown promised to be distinct.
fn flooded(text: &str) -> bool {
    text.graphemes(true)
        .any(|cluster| cluster.chars().count() > MARK_LIMIT)
}

proptest! {
    #[test]
    fn output_is_safe_and_fits(input in nasty(), max in 0usize..40) {
        for charset in [Charset::Unicode, Charset::Ascii] {
            let shown = charset.line(&input, max);
            assert_safe(&shown, &input);
            let cells: usize = shown.graphemes(true).map(|g| usize::from(g.cell_width())).sum();
            prop_assert_eq!(cells, width(&shown));
            prop_assert!(cells <= max, "{:?} takes {}", shown, cells);
            prop_assert!(shown.width() <= max);
            prop_assert_eq!(width(&charset.table_cell(&input, max)), max);
            prop_assert_eq!(width(&charset.fit(&charset.line(&input, WIDE), max)), max);
            assert_safe(&charset.block(&input).replace('\n', ""), &input);
        }
    }

    #[test]
    fn a_cut_is_a_prefix(input in nasty(), max in 1usize..40) {
        let (whole, cut) = (line(&input, WIDE), line(&input, max));
        prop_assert!(whole == cut || whole.starts_with(cut.strip_suffix('…').unwrap_or("?")));
    }

    #[test]
    fn different_texts_look_different(a in nasty(), b in nasty()) {
        prop_assume!(a != b && !flooded(&a) && !flooded(&b));
        for charset in [Charset::Unicode, Charset::Ascii] {
            prop_assert_ne!(charset.line(&a, WIDE), charset.line(&b, WIDE));
            prop_assert_ne!(charset.block(&a), charset.block(&b));
        }
    }

    #[test]
    fn near_misses_look_different(a in nasty(), extra in "[\\\\\u{301}\u{200b}xun{+0]{1,3}", at in 0usize..20) {
        let at = a.char_indices().map(|(i, _)| i).nth(at).unwrap_or(a.len());
        let b = format!("{}{extra}{}", &a[..at], &a[at..]);
        prop_assume!(!flooded(&a) && !flooded(&b));
        for charset in [Charset::Unicode, Charset::Ascii] {
            prop_assert_ne!(charset.line(&a, WIDE), charset.line(&b, WIDE));
        }
    }

    #[test]
    fn plain_text_stays(input in "[a-zA-Z0-9 ./:_é日-]{0,30}") {
        prop_assert_eq!(line(&input, WIDE), input.clone());
        prop_assert_eq!(line(&line(&input, WIDE), WIDE), input);
    }

    #[test]
    fn different_bytes_look_different(a in prop::collection::vec(byte(), 0..8), b in prop::collection::vec(byte(), 0..8)) {
        prop_assume!(a != b);
        prop_assert_ne!(bytes(&a), bytes(&b));
    }
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        Just(b'\\'),
        Just(b'x'),
        Just(b'f'),
        Just(b'8'),
        Just(0xe9),
        Just(0xa9),
        any::<u8>()
    ]
}
