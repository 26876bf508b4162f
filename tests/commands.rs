//! Sources that are commands: followed, started again, read once for a complete answer, forbidden.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::support::program::Program;

/// A program whose configuration has these commands, by name and script.
fn configured(commands: &[(&str, &str)], more: &str) -> Program {
    let program = Program::new();
    let mut text = more.to_owned();
    for (name, script) in commands {
        text += &format!("[[command]]\nname = {name:?}\nrun = [\"sh\", \"-c\", {script:?}]\n");
    }
    program.configure(&text);
    program
}

#[test]
fn the_example_of_the_readme_is_accepted() {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, after) = readme.split_once("<!-- command -->").unwrap();
    let (example, _) = after.split_once("<!-- /command -->").unwrap();
    let example = example.trim().strip_prefix("```toml\n").unwrap();
    let program = configured(&[], example.strip_suffix("```").unwrap());
    let told = program.run(["doctor", "command:apiserver"]);
    assert!(
        told.out.contains("kubectl logs -f -n kube-system"),
        "{told:?}"
    );
    assert_eq!(told.err, "");
}

#[test]
fn an_answer_is_complete_when_the_command_has_ended() {
    let script = r#"for n in 1 2 3; do echo "{\"n\":$n,\"user\":\"ana\"}"; done"#;
    let program = configured(&[("numbers", script)], "");
    fs::write(program.logs().join("a.log"), "{\"n\":9,\"user\":\"bob\"}\n").unwrap();
    let fields = ["--fields", "n,source", "--format", "csv", "--sort", "asc"];
    let ask = |paths: &[&str]| {
        let mut arguments = vec!["search", "*"];
        arguments.extend(paths);
        arguments.extend(fields);
        program.print(arguments)
    };
    let numbers = ask(&["command:numbers"]);
    assert_eq!(
        numbers,
        "n,source\n1,command:numbers\n2,command:numbers\n3,command:numbers\n"
    );
    let both = ask(&["command:numbers", "a.log"]);
    assert_eq!(both.lines().count(), 5, "{both}");
}

#[test]
fn what_cannot_be_run_is_told() {
    let program = configured(
        &[("bad", "echo '{\"n\":1}'; echo no cluster >&2; exit 7")],
        "",
    );
    let done = program.run(["search", "*", "command:bad", "--format", "raw"]);
    assert_eq!(
        (done.out.as_str(), done.code),
        ("{\"n\":1}\n", 5),
        "{done:?}"
    );
    for part in ["command:bad: ", "exit status: 7", "no cluster"] {
        assert!(done.err.contains(part), "{done:?}");
    }

    for (arguments, why) in [
        (
            &["search", "*", "command:bed"][..],
            "there is no command \"bed\"",
        ),
        (
            &["--no-exec", "search", "*", "command:bad"],
            "no command is started",
        ),
        (
            &["verify", "command:bad"],
            "only search, tail, index and the explorer",
        ),
    ] {
        let done = program.run(arguments.iter().copied());
        assert_eq!(done.code, 5, "{arguments:?}: {done:?}");
        // What verify finds is its data.
        let told = done.out.clone() + &done.err;
        assert!(told.contains(why), "{done:?}");
    }
    // A file of that name is a file.
    fs::write(program.logs().join("command:bad"), "{\"n\":2}\n").unwrap();
    let file = program.print(["search", "*", "command:bad", "--format", "raw"]);
    assert_eq!(file, "{\"n\":2}\n");
}

#[test]
fn mistakes_in_the_configuration_have_their_line() {
    let text = "\
[[command]]
name = \"a b\"
run = [\"true\"]
[[command]]
name = \"c\"
run = \"ls -l\"
[[command]]
name = \"d\"
run = []
";
    let program = configured(&[], text);
    let done = program.run(["formats", "list"]);
    for (line, why) in [
        (1, "a name is letters"),
        (6, "expected a sequence"),
        (7, "names a program"),
    ] {
        let place = format!("config.toml:{line}: ");
        let said = done.err.lines().find(|l| l.contains(&place));
        assert!(
            said.is_some_and(|l| l.contains(why)),
            "{line}: {}",
            done.err
        );
    }
}

#[test]
fn a_followed_command_is_started_again_beside_a_file_and_a_pipe() {
    let count = tempfile::NamedTempFile::new().unwrap();
    // Every run prints all lines so far and one more.
    let script = format!(
        "echo x >> {0}; n=0; while read -r _; do n=$((n+1)); echo cmd $n; done < {0}; exit 1",
        count.path().display()
    );
    let program = configured(&[("again", &script)], "");
    let log = program.log("a.log", "file 0\n");
    let mut tail = program
        .command([
            "tail",
            "*",
            "a.log",
            "-",
            "command:again",
            "--format",
            "raw",
        ])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = tail.stdin.take().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // What is printed first tells that it follows.
    writeln!(pipe, "pipe 0").unwrap();
    let mut seen = vec![lines.next().unwrap().unwrap()];
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    for n in 1..=20 {
        writeln!(file, "file {n}").unwrap();
        writeln!(pipe, "pipe {n}").unwrap();
    }
    let is_there = |seen: &[String], line: &str| seen.iter().any(|l| l == line);
    let last = ["file 20", "pipe 20", "cmd 3"];
    while !last.iter().all(|line| is_there(&seen, line)) {
        seen.push(lines.next().unwrap().unwrap());
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    let mut want: Vec<String> = (1..=20).map(|n| format!("file {n}")).collect();
    want.extend((0..=20).map(|n| format!("pipe {n}")));
    want.extend((1..=3).map(|n| format!("cmd {n}")));
    want.sort();
    seen.retain(|line| !line.starts_with("cmd") || is_there(&want, line));
    seen.sort();
    assert_eq!(seen, want);
}
