//! Where a key leads in a run: to another step, along a branch, to the end.

use super::{Ending, Run};
use crate::runbook::{Branch, fill};
use crate::text::count::counted;
use crate::tui::command::Command;
use crate::tui::message::Intent;

/// Lines that one key scrolls a step by.
const SCROLL: usize = 6;

impl Run {
    pub fn update(&mut self, command: Command, count: usize) -> Option<Intent> {
        if self.move_in_letter(command, count) {
            return None;
        }
        let doubted = self.doubted.take();
        let last = self.runbook.steps.len().saturating_sub(1);
        let to = match command {
            Command::Down => self.step.saturating_add(count).min(last),
            Command::Up => self.step.saturating_sub(count),
            Command::Top => 0,
            Command::Bottom => last,
            Command::PageDown => {
                self.scroll = self.scroll.saturating_add(SCROLL);
                return None;
            }
            Command::PageUp => {
                self.scroll = self.scroll.saturating_sub(SCROLL);
                return None;
            }
            Command::Open => return self.take_decided(),
            Command::Branch1 => return self.choose(0, doubted),
            Command::Branch2 => return self.choose(1, doubted),
            Command::Branch3 => return self.choose(2, doubted),
            Command::Branch4 => return self.choose(3, doubted),
            _ => return None,
        };
        self.go(to)
    }

    fn go(&mut self, step: usize) -> Option<Intent> {
        // Also when it is the same step: a query changed meanwhile comes back.
        self.step = step;
        self.scroll = 0;
        self.end_hand_over();
        self.ended = None;
        self.differs = None;
        Some(Intent::ApplyStep)
    }

    fn take_decided(&mut self) -> Option<Intent> {
        let branches = self.current().map_or(0, |s| s.branches.len());
        match (self.decided(), branches) {
            (Some(branch), _) => self.take(branch),
            (None, 0) if self.step + 1 < self.runbook.steps.len() => self.go(self.step + 1),
            (None, 0) => Some(Intent::Ended(String::new())),
            (None, 1) => self.take(0),
            // The branches may be below the screen: they are named.
            (None, n) => {
                let branches = self.current().map_or(&[][..], |s| &s.branches);
                let named = branches
                    .iter()
                    .zip(1..)
                    .map(|(b, i)| format!("{i} {}", b.text));
                let named = named.collect::<Vec<_>>().join("; ");
                Some(Intent::Say(format!("you decide: press 1 to {n}: {named}")))
            }
        }
    }

    /// Takes a branch that a person chose; one that what was found contradicts only if the same is asked twice.
    fn choose(&mut self, branch: usize, doubted: Option<usize>) -> Option<Intent> {
        let text = self.current()?.branches.get(branch)?.text.clone();
        if doubted != Some(branch) && self.contradicts(self.step, branch) {
            self.doubted = Some(branch);
            let key = branch + 1;
            return Some(Intent::Say(format!(
                "what was found says otherwise; {key} again takes it all the same: {text}"
            )));
        }
        self.take(branch)
    }

    /// Whether what was found at a step says that a branch is not to be taken.
    fn contradicts(&self, step: usize, branch: usize) -> bool {
        let evidence = self.evidence(step);
        evidence.is_some_and(|found| self.runbook.contradicts(step, branch, found, &self.inputs))
    }

    fn take(&mut self, branch: usize) -> Option<Intent> {
        let taken = self.current()?.branches.get(branch)?.goto;
        if let Some(work) = self.work.get_mut(self.step) {
            work.took = Some(branch);
        }
        match taken {
            Some(step) => self.go(step),
            None => {
                let ending = self.current().and_then(|step| step.branches.get(branch));
                let ending = ending.map(Branch::ending).filter(|words| !words.is_empty());
                let told = |words| fill(words, |name| self.inputs.get(name).cloned());
                let ending = ending.map(|words| format!(": {}", told(words)));
                let ending = ending.unwrap_or_default();
                Some(Intent::Ended(ending))
            }
        }
    }

    pub fn is_scrolled(&self) -> bool {
        self.scroll > 0
    }

    /// Does not scroll further than there is something to see.
    pub fn limit_scroll(&mut self, most: usize) {
        self.scroll = self.scroll.min(most);
    }

    /// Shows what is at the end, until the next step is gone to: the words it ended with, and after what was found how to
    /// go on.
    pub fn end(&mut self, words: &str, then: String) {
        let words = words.trim_start_matches([':', ' ']).to_owned();
        self.ended = Some(Ending { words, then });
        self.scroll = 0;
    }

    /// How it ended, while one stands at the end: what the branch that led there says, which may be nothing.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_ref().map(|end| &*end.words)
    }

    /// What is said at the end: how it ended, what was found, what can be done now.
    pub(super) fn ending(&self) -> Vec<String> {
        let Some(Ending { words, then }) = &self.ended else {
            return Vec::new();
        };
        let end = match &**words {
            "" => "The end: this is the last step".to_owned(),
            words => format!("The end: {words}"),
        };
        let mut said = vec![end, self.found_in_all()];
        said.extend((!then.is_empty()).then(|| then.clone()));
        said
    }

    /// What all steps that were looked at found, in a sentence.
    fn found_in_all(&self) -> String {
        let evidence = self.evidence.iter().enumerate();
        let seen = evidence.filter_map(|(step, evidence)| Some((step, evidence.as_ref()?)));
        let (mut alarms, mut unmet, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut looked_at = 0;
        for (step, evidence) in seen {
            looked_at += 1;
            let query = self.runbook.steps[step].query.as_ref();
            let expects = query.is_some_and(|query| query.expect.is_some());
            let list = match (
                self.runbook.is_alarm(step, evidence),
                self.runbook.is_met(step, evidence),
            ) {
                (Some(true), _) => &mut alarms,
                (_, Some(false)) => &mut unmet,
                (_, None) if expects => &mut unknown,
                _ => continue,
            };
            list.push((step + 1).to_string());
        }
        let told = [
            ("ALARM", &alarms),
            ("not as expected", &unmet),
            ("not known", &unknown),
        ];
        let told = told.iter().filter(|(_, steps)| !steps.is_empty());
        let told = told.map(|(what, steps)| {
            let noun = if steps.len() == 1 { "step" } else { "steps" };
            format!("{what} at {noun} {}", steps.join(", "))
        });
        let told: Vec<String> = told.collect();
        let steps = counted(looked_at, "step", "steps");
        if told.is_empty() {
            format!("Found in {steps}: nothing that was not expected")
        } else {
            format!("Found in {steps}: {}", told.join("; "))
        }
    }
}
