//! Files that cannot be read to their end, and records that are too long: told each time, and never taken for all.

use crate::support::program::Program;

const LOGIN: &str = "{\"user\":\"alice\",\"action\":\"login\"}\n";

/// The first half of what gzip makes of it.
fn half_of_gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, text).unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() / 2);
    packed
}

/// Lines that do not pack well.
fn noise() -> String {
    let line = |i: u32| format!("{{\"user\":\"u{}\"}}\n", i.wrapping_mul(2_654_435_761));
    (0..3000).map(line).collect()
}

#[test]
fn an_answer_from_a_cut_archive_says_each_time_that_it_is_not_whole() {
    let program = Program::new();
    program.log("cut.jsonl.gz", half_of_gzip(noise().as_bytes()));
    for _ in 0..2 {
        let ran = program.run(["search", "*", "cut.jsonl.gz", "--format", "report"]);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert_eq!(ran.err.matches("cut short").count(), 1, "{}", ran.err);
        assert!(ran.out.contains("NOT complete") && ran.out.contains("cut short"));
    }
    let ran = program.run(["formats", "check", "cut.jsonl.gz"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("cut short"), "{}", ran.err);
}

#[test]
fn a_chain_in_a_cut_archive_is_not_said_to_hold() {
    let program = Program::new();
    let chained = std::fs::read(program.fixture("chain/R1.jsonl")).unwrap();
    std::fs::remove_file(program.logs().join("R1.jsonl")).unwrap();
    program.log("cut.jsonl.gz", half_of_gzip(&chained));
    let ran = program.run(["verify", "cut.jsonl.gz"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    let told = [
        "cut.jsonl.gz: own-sorted",
        " verified",
        "NOT read to its end",
        "cut short",
    ];
    for part in told {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[test]
fn a_record_that_is_too_long_is_named_by_its_line() {
    let program = Program::new();
    let long = format!("{{\"user\":\"{}\"}}\n", "x".repeat(5 << 20));
    program.log("long.jsonl", [LOGIN, &long, LOGIN].concat());
    let ran = program.run(["search", "*", "long.jsonl", "--count"]);
    assert_eq!(ran.out.trim(), "3");
    assert!(
        ran.err.contains("line 2: the record is too long"),
        "{}",
        ran.err
    );
}

/// A control character that its writer left in a name hides nothing.
#[test]
fn a_control_character_hides_no_field() {
    let program = Program::new();
    program.log("tab.jsonl", LOGIN.replace("alice", "al\u{1}ice"));
    let ran = program.run(["search", "action:login user:al*", "tab.jsonl", "--count"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "1"), "{ran:?}");
}
