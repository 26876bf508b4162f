//! What journalctl 252 printed, and what is made of it.

use super::*;

fn said(success: bool, is_sealed: bool, has_key: bool, said: &str) -> Result<ChainReport, String> {
    report(
        "x.journal",
        &Asked {
            is_sealed,
            has_key,
            success,
            said,
        },
    )
}

#[test]
fn sound_journals_are_told_apart_by_their_seals() {
    let validated = "PASS: s.journal\n=> Validated from Fri 2026-11-27 03:42:10 UTC to Fri 2026-11-27 03:42:14 UTC, final 7min of entries not sealed.\n";
    let coloured = "\u{1b}[0;1;39m\u{2591}\u{2591}  12%\r\u{1b}[KPASS: s.journal\u{1b}[0m\r\n";
    for (sealed, key, text, scheme, verified, kinds, coverage) in [
        (
            true,
            true,
            validated,
            Some("journal-fss"),
            1,
            &[][..],
            "final 7min of entries not sealed",
        ),
        (
            true,
            true,
            "PASS: s.journal\n=> No sealing yet, 3s of entries not sealed.\n",
            Some("journal-fss"),
            0,
            &[],
            "No sealing yet, 3s of entries",
        ),
        (
            false,
            false,
            "PASS: x.journal\n",
            None,
            0,
            &[],
            "structure holds; not sealed, so changes that keep the structure do not show",
        ),
        (false, false, coloured, None, 0, &[], "not sealed"),
        (
            false,
            true,
            "PASS: x.journal\n",
            None,
            0,
            &[BreakKind::Unlinked],
            "not sealed",
        ),
        // Later versions let a sealed journal pass without its key.
        (
            true,
            false,
            "Journal file s.journal has sealing enabled but verification key has not been passed using --verify-key=.\nPASS: s.journal\n",
            Some("journal-fss"),
            0,
            &[BreakKind::KeyUnknown],
            "not checked",
        ),
    ] {
        let report = said(true, sealed, key, text).unwrap();
        let found: Vec<BreakKind> = report.findings.iter().map(|f| f.kind).collect();
        assert_eq!(
            (report.scheme.as_deref(), report.verified, &*found),
            (scheme, verified, kinds),
            "{text}"
        );
        assert!(report.coverage.contains(coverage), "{}", report.coverage);
    }
}

#[test]
fn what_fails_is_an_alarm_with_its_place() {
    let edited = "390e28: Invalid hash (a73e55bef7019579 vs. 80d8f9e778e35aa7)\n390e28: Invalid object contents: Bad message\nFile corruption detected at bad.journal:390e28 (of 8388608 bytes, 44%).\nFAIL: bad.journal (Bad message)\n";
    let tag = "38f978: Tag failed verification\nFile corruption detected at s.journal:38f978 (of 8388608 bytes, 44%).\nFAIL: s.journal (Bad message)\n";
    for (text, kind, offset, words) in [
        (
            edited,
            BreakKind::ContentModified,
            0x39_0e28,
            "390e28: Invalid hash",
        ),
        (tag, BreakKind::SignatureBad, 0x38_f978, "Tag failed"),
        (
            "Failed to open files: No data available\n",
            BreakKind::TailTruncated,
            0,
            "No data available",
        ),
        (
            "FAIL: /x/y (Bad message)\n",
            BreakKind::ContentModified,
            0,
            "Bad message",
        ),
    ] {
        let report = said(false, true, true, text).unwrap();
        let finding = &report.findings[0];
        assert_eq!((finding.kind, finding.offset), (kind, offset));
        assert!(
            finding.explanation.contains(words),
            "{}",
            finding.explanation
        );
    }
    let no_key = said(
        false,
        true,
        false,
        "FAIL: s.journal (Required key not available)\n",
    );
    assert_eq!(no_key.unwrap().findings[0].kind, BreakKind::KeyUnknown);
}

#[test]
fn what_could_not_be_checked_is_no_alarm() {
    for (success, text, words) in [
        (false, "Failed to parse seed.\n", "does not take the key"),
        (
            false,
            "Failed to open files: Permission denied\n",
            "Permission denied",
        ),
        (
            false,
            "FAIL: x (Operation not supported)\n",
            "Operation not supported",
        ),
        (false, "", "did not say why"),
        // An exit status alone is no answer.
        (true, "", "did not say why"),
    ] {
        let error = said(success, true, true, text).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}
