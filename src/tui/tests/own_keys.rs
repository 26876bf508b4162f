//! Keys of the user's own, and keys on keyboards of other countries.

use std::path::Path;

use super::harness::{Harness, events};
use crate::runbook::Library;
use crate::tui::Options;
use crate::tui::command::Command;
use crate::tui::keymap::{Context, Key, Keymap};

fn layered(text: &str) -> (Keymap, Vec<String>) {
    let standard = Keymap::standard().unwrap();
    let (keymap, errors) = standard.layered(Path::new("keymap.toml"), text);
    (keymap, errors.iter().map(ToString::to_string).collect())
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[test]
fn an_entry_replaces_the_keys_of_its_command_and_an_empty_list_takes_them_away() {
    let (keymap, errors) = layered(
        "[global.keys]\nfollow = [\"f12\", \"ctrl+g\"]\nfix = []\n[events.keys]\nopen = \"insert\"\n",
    );
    assert_eq!(errors, [""; 0]);
    let at = |context, text: &str| keymap.resolve(context, key(text));
    assert_eq!(at(Context::Events, "f12"), Some(Command::Follow));
    assert_eq!(at(Context::Detail, "ctrl+G"), Some(Command::Follow));
    assert_eq!(at(Context::Events, "F"), None);
    assert_eq!(at(Context::Events, "r"), None);
    assert_eq!(at(Context::Events, "insert"), Some(Command::Open));
    assert_eq!(at(Context::Runbook, "enter"), Some(Command::Open));
    assert_eq!(keymap.label(Context::Events, Command::Follow, true), "F12");
    assert_eq!(keymap.label(Context::Events, Command::Fix, true), "");
}

#[test]
fn what_conflicts_is_told_with_both_commands_and_the_line() {
    let (keymap, errors) =
        layered("[global.keys]\nfollow = [\"x\"]\nhelp = [\"F\"]\nfix = [\"F\"]\n");
    assert_eq!(
        errors,
        [
            "keymap.toml:2: [global] x is follow now, no longer next-break; name the keys of next-break too, and this is not said again",
            "keymap.toml:4: [global] F is bound to both help and fix; help keeps it",
        ]
    );
    let at = |text: &str| keymap.resolve(Context::Events, key(text));
    assert_eq!(at("x"), Some(Command::Follow));
    assert_eq!(at("F"), Some(Command::Help));
    assert!(keymap.keys(Context::Global, Command::NextBreak).is_empty());
    let (_, quiet) = layered("[global.keys]\nfollow = [\"x\"]\nnext-break = [\"F\"]\n");
    assert_eq!(quiet, [""; 0]);
}

#[test]
fn a_command_that_is_left_without_a_key_in_a_pane_is_told() {
    let (_, errors) = layered("[global.keys]\nfollow = [\"i\"]\n[events.keys]\nup = [\"x\"]\n");
    let no_key = |pane: &str, key: &str, own: &str, lost: &str| {
        format!(
            "[{pane}] {key} is {own} there, so {lost} has no key in it; give {lost} another one"
        )
    };
    for told in [
        format!(
            "keymap.toml:2: {}",
            no_key("runbook", "i", "edit-inputs", "follow")
        ),
        format!(
            "keymap.toml:4: {}",
            no_key("events", "x", "up", "next-break")
        ),
    ] {
        assert!(errors.contains(&told), "{told}\n{errors:#?}");
    }
    // With a second key nothing is lost.
    let (_, errors) = layered("[global.keys]\nfollow = [\"i\", \"f12\"]\n");
    assert_eq!(errors, [""; 0]);
}

#[test]
fn there_is_always_a_way_out() {
    for context in ["global", "events", "query", "sources"] {
        let (keymap, errors) = layered(&format!(
            "[{context}.keys]\ndown = [\"ctrl+c\"]\ninterrupt = []\n"
        ));
        assert!(
            errors.iter().any(|e| e.contains("interrupt needs a key")),
            "{errors:?}"
        );
        for at in Context::ALL {
            assert!(
                !keymap.keys(at, Command::Interrupt).is_empty(),
                "{context} {at:?}"
            );
        }
    }
}

#[test]
fn one_mistake_leaves_the_rest() {
    let text = "[attic.keys]\nup = [\"k\"]\n[global.keys]\nfolow = [\"f9\"]\nhelp = [\"hyper+h\"]\nquit = 3\nfix = [\"f9\"]\n[query.keys]\napply = [\"j\"]\n[events]\nheader = 1\nfooter = [\"fly\"]\n";
    let (keymap, errors) = layered(text);
    for (error, says) in errors.iter().zip([
        "keymap.toml:1: there is no context [attic]; the contexts are global, events",
        "keymap.toml:4: [global] there is no command \"folow\" (did you mean `follow`?)",
        "keymap.toml:5: [global] help: \"hyper+h\" is no key; use a character or one of enter esc",
        "keymap.toml:6: [global] quit: use a list of keys",
        "keymap.toml:9: [query] apply: \"j\" is text here",
        "keymap.toml:11: [events] header: there is [events.keys]",
        "keymap.toml:12: [events] footer: use a list of commands",
    ]) {
        assert!(error.starts_with(says), "{error}");
    }
    assert_eq!(errors.len(), 7);
    assert_eq!(
        keymap.resolve(Context::Events, key("f9")),
        Some(Command::Fix)
    );
    let (keymap, errors) = layered("[global.keys]\nfix = [\"f9\"]\nhelp = = 3\n");
    assert!(
        errors[0].starts_with("keymap.toml:3: is not TOML"),
        "{errors:?}"
    );
    assert_eq!(
        keymap.resolve(Context::Events, key("f9")),
        Some(Command::Fix)
    );
}

#[test]
fn help_footer_and_sentences_name_the_keys_of_the_user() {
    let text = "[global.keys]\nedit-query = [\"f2\"]\nclear-query = []\nhelp = [\"f3\"]\n";
    let (keymap, errors) = layered(text);
    assert_eq!(errors, [""; 0]);
    let options = Options {
        keymap: Some(keymap),
        ..Options::default()
    };
    let mut h = Harness::with(120, 70, events(5), Library::default(), options);
    h.shows("F2 query").shows("F3 help");
    h.keys("<f2>nobody<enter>");
    h.shows("F2 changes the query, :clear-query shows everything.");
    h.keys("<f3>").shows("edit the query");
    let help = h.screen();
    let line = help.lines().find(|l| l.contains("edit the query")).unwrap();
    assert!(line.trim_start().starts_with("F2"), "{line}");
}

/// Characters that need AltGr or a dead key on the keyboard of some country: German, French and Swedish layouts.
const HARD_TO_TYPE: &[(char, &str)] = &[
    ('[', "AltGr: German, French, Swedish"),
    (']', "AltGr: German, French, Swedish"),
    ('{', "AltGr: German, French, Swedish"),
    ('}', "AltGr: German, French, Swedish"),
    ('\\', "AltGr: German, French, Swedish"),
    ('|', "AltGr: German, French, Swedish"),
    ('@', "AltGr: German, French, Swedish"),
    ('~', "AltGr or dead: German, French, Swedish"),
    ('#', "AltGr: French"),
    ('$', "AltGr: Swedish"),
    ('^', "dead: German, French, Swedish"),
    ('`', "AltGr or dead: German, French, Swedish"),
];

#[test]
fn no_default_key_needs_altgr_or_a_dead_key() {
    let keymap = Keymap::standard().unwrap();
    for context in Context::ALL {
        for (command, keys) in keymap.bound(context) {
            for key in keys {
                let c = key.character().unwrap_or(' ');
                let hard = HARD_TO_TYPE.iter().find(|(hard, _)| *hard == c);
                let place = (context.name(), command.name());
                assert_eq!(hard, None, "{place:?}: {}", key.label(false));
                assert!(c.is_ascii(), "{place:?}");
            }
        }
    }
}
