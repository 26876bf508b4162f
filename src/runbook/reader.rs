//! From blocks of Markdown to a runbook, with everything that is wrong and its line.

mod fenced;

use std::collections::HashMap;

use super::document::{self, Block, BlockKind, Inline, InlineKind, plain, slug};
use super::front::{self, Fault};
use super::{Branch, Condition, Runbook, Step, branch, routes};
use crate::text::suggest::{hint, nearest};

/// More of any of these is no runbook that a person can follow, and only costs time to read.
const MAX_STEPS: usize = 100;
const MAX_BRANCHES: usize = 20;
const MAX_FAULTS: usize = 100;

const LABELS: [&str; 5] = ["Scenario", "Action", "Expect", "Outcome", "Role"];

/// Reads the body of a runbook whose front matter is in `runbook` already.
pub(super) fn read(body: &str, first_line: usize, runbook: &mut Runbook, faults: &mut Vec<Fault>) {
    let mut reader = Reader {
        runbook,
        faults,
        section: Section::Intro,
        links: Vec::new(),
        anchors: HashMap::new(),
    };
    for block in document::read(body, first_line) {
        if reader.runbook.steps.len() > MAX_STEPS {
            reader.fault(
                block.line,
                format!("more than {MAX_STEPS} steps: split the runbook"),
            );
            break;
        }
        if reader.faults.len() >= MAX_FAULTS {
            break;
        }
        reader.block(&block);
    }
    reader.finish(first_line);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Intro,
    Step,
    Escalation,
    /// Background, sources: for readers of the file.
    Other,
}

/// A branch that leads to an anchor, until all steps are known.
struct Link {
    step: usize,
    branch: usize,
    anchor: String,
    line: usize,
}

struct Reader<'a> {
    runbook: &'a mut Runbook,
    faults: &'a mut Vec<Fault>,
    section: Section,
    links: Vec<Link>,
    /// Anchors of steps: their id, and the slug a code host gives the heading.
    anchors: HashMap<String, usize>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push((line, message.into()));
        }
    }

    fn block(&mut self, block: &Block) {
        match &block.kind {
            BlockKind::Heading { level, id } => self.heading(block, *level, id.as_deref()),
            BlockKind::Code { info, text, closed } => self.code(block.line, info, text, *closed),
            BlockKind::Quote if is_glossary(&block.inlines) => {
                self.runbook.glossary.extend(glossary(&block.inlines));
            }
            BlockKind::Paragraph | BlockKind::Item { .. } | BlockKind::Quote => {
                match self.section {
                    Section::Intro => self.runbook.intro.push(bulleted(block)),
                    Section::Step => self.prose(block),
                    Section::Escalation | Section::Other => {}
                }
            }
        }
    }

    fn heading(&mut self, block: &Block, level: u8, id: Option<&str>) {
        let text = plain(&block.inlines);
        match level {
            1 if self.runbook.title.is_empty() => self.runbook.title = text,
            1 => {}
            2 if text.eq_ignore_ascii_case("escalation") => self.section = Section::Escalation,
            2 => match step_title(&text) {
                Some((number, title)) => self.step(block.line, number, title, id, &text),
                None => {
                    let first = text.split_whitespace().next().unwrap_or_default();
                    if nearest(first, ["Step"]).is_some() {
                        let number = self.runbook.steps.len() + 1;
                        self.fault(
                            block.line,
                            format!("`{text}`: expected a heading like `## Step {number}: Title`"),
                        );
                    }
                    self.section = Section::Other;
                }
            },
            _ if self.section == Section::Step => {
                if let Some(step) = self.runbook.steps.last_mut() {
                    step.prose.push(text);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, line: usize, number: usize, title: &str, id: Option<&str>, heading: &str) {
        self.section = Section::Step;
        let index = self.runbook.steps.len();
        if number != index + 1 {
            self.fault(
                line,
                format!(
                    "step {number} stands where step {} should: number the steps from 1",
                    index + 1
                ),
            );
        }
        let slug = slug(heading);
        let id = id.map_or_else(|| slug.clone(), str::to_owned);
        if self.runbook.steps.iter().any(|step| step.id == id) {
            self.fault(
                line,
                format!("a step with id `{id}` was there before: ids must be unique"),
            );
        }
        self.anchors.entry(id.clone()).or_insert(index);
        self.anchors.entry(slug).or_insert(index);
        self.runbook.steps.push(Step {
            id,
            title: title.to_owned(),
            line,
            ..Step::default()
        });
    }

    /// A paragraph or list item of a step: a branch, labelled text, or prose.
    fn prose(&mut self, block: &Block) {
        let strong = |inline: &Inline| inline.kind == InlineKind::Strong;
        let first = block
            .inlines
            .iter()
            .find(|inline| !inline.text.trim().is_empty());
        if let Some(first) = first.filter(|inline| strong(inline)) {
            let word = bare(&first.text);
            if word.eq_ignore_ascii_case("if") || word.eq_ignore_ascii_case("else") {
                return self.branch(block, word.eq_ignore_ascii_case("else"));
            }
        }
        if block
            .inlines
            .iter()
            .any(|inline| strong(inline) && bare(&inline.text).eq_ignore_ascii_case("then"))
        {
            self.fault(
                block.line,
                "**then** without **If** before it: expected `**If** … **then** …`",
            );
        }
        let labels: Vec<usize> = (0..block.inlines.len())
            .filter(|&i| {
                strong(&block.inlines[i]) && block.inlines[i].text.trim_end().ends_with(':')
            })
            .collect();
        let before = &block.inlines[..labels.first().copied().unwrap_or(block.inlines.len())];
        if !plain(before).is_empty() {
            let text = bulleted(&Block {
                inlines: before.to_vec(),
                ..block.clone()
            });
            if let Some(step) = self.runbook.steps.last_mut() {
                step.prose.push(text);
            }
        }
        for (n, &at) in labels.iter().enumerate() {
            let end = labels.get(n + 1).copied().unwrap_or(block.inlines.len());
            let label = bare(&block.inlines[at].text).to_owned();
            self.labelled(block.line, &label, plain(&block.inlines[at + 1..end]));
        }
    }

    fn labelled(&mut self, line: usize, label: &str, text: String) {
        let known = LABELS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(label));
        let Some(step) = self.runbook.steps.last_mut() else {
            return;
        };
        let slot = match known {
            Some(0) => &mut step.scenario,
            Some(1) => &mut step.action,
            Some(2) => &mut step.expect,
            Some(3) => &mut step.outcome,
            Some(4) => {
                step.role = Some(text);
                return;
            }
            _ => {
                let near = hint(label, LABELS);
                let labels = LABELS.join(", ");
                return self.fault(
                    line,
                    format!("unknown label `{label}:`{near}; labels are {labels}; bold prose needs no colon in the bold"),
                );
            }
        };
        if !slot.is_empty() {
            slot.push(' ');
        }
        slot.push_str(&text);
    }

    fn branch(&mut self, block: &Block, is_else: bool) {
        let inlines = &block.inlines;
        let keyword = |word: &str| {
            inlines.iter().position(|i| {
                i.kind == InlineKind::Strong && bare(&i.text).eq_ignore_ascii_case(word)
            })
        };
        let (condition, when, target) = if is_else {
            let start = keyword("else").unwrap_or_default();
            (Condition::Else, String::new(), &inlines[start + 1..])
        } else {
            let (start, Some(then)) = (keyword("if").unwrap_or_default(), keyword("then")) else {
                return self.fault(
                    block.line,
                    "**If** without **then**: expected `**If** … **then** [Step 2](#id)`",
                );
            };
            if then < start {
                return self.fault(block.line, "**then** stands before **If**");
            }
            let text = plain(&inlines[start + 1..then]);
            if text.is_empty() {
                return self.fault(
                    block.line,
                    "a condition is missing between **If** and **then**, such as `0 rows`",
                );
            }
            (branch::condition(&text), text, &inlines[then + 1..])
        };
        let anchor = target.iter().find_map(|inline| match &inline.kind {
            InlineKind::Link(to) => to.strip_prefix('#').map(str::to_owned),
            _ => None,
        });
        let words = plain(target).to_lowercase();
        let is_done = words
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "done");
        if anchor.is_none() && !is_done {
            self.fault(
                block.line,
                format!(
                    "`{words}` leads nowhere: expected a link to a step, `[Step 2](#id)`, or `done`"
                ),
            );
        }
        let Some(index) = self.runbook.steps.len().checked_sub(1) else {
            return;
        };
        if self.runbook.steps[index].branches.len() >= MAX_BRANCHES {
            return self.fault(
                block.line,
                format!("more than {MAX_BRANCHES} branches: split the step"),
            );
        }
        let step = &mut self.runbook.steps[index];
        let unreachable = step
            .branches
            .iter()
            .any(|branch| branch.condition == Condition::Else);
        step.branches.push(Branch {
            condition,
            text: plain(inlines),
            when,
            then: plain(target),
            goto: None,
            line: block.line,
        });
        if let Some(anchor) = anchor {
            self.links.push(Link {
                step: index,
                branch: step.branches.len() - 1,
                anchor,
                line: block.line,
            });
        }
        if unreachable {
            self.fault(
                block.line,
                "this branch stands after **Else** and can never be taken",
            );
        }
    }

    fn finish(&mut self, first_line: usize) {
        for link in std::mem::take(&mut self.links) {
            if self.faults.len() >= MAX_FAULTS {
                break;
            }
            match self.anchors.get(&link.anchor) {
                Some(&step) => {
                    self.runbook.steps[link.step].branches[link.branch].goto = Some(step)
                }
                None => {
                    let near = hint(
                        &link.anchor,
                        self.runbook.steps.iter().map(|step| step.id.as_str()),
                    );
                    self.fault(
                        link.line,
                        format!("the link `#{}` leads to no step{near}", link.anchor),
                    );
                }
            }
        }
        if self.runbook.title.is_empty() {
            self.fault(first_line, "the runbook has no title: expected `title` in the front matter, or a heading `# Title`");
        }
        if self.runbook.steps.is_empty() {
            self.fault(
                first_line,
                "the runbook has no steps: expected a heading `## Step 1: Title`",
            );
        }
        let mut unanswerable = Vec::new();
        for step in &self.runbook.steps {
            let expects = step
                .query
                .as_ref()
                .is_some_and(|query| query.expect.is_some());
            for branch in &step.branches {
                match &branch.condition {
                    Condition::Met | Condition::NotMet if !expects => {
                        unanswerable.push((
                            branch.line,
                            format!(
                                "`{}` needs `expect=` in the step's auditq block",
                                branch.text
                            ),
                        ));
                    }
                    Condition::Rows(_) | Condition::Every { .. } | Condition::Any { .. }
                        if step.query.is_none() =>
                    {
                        unanswerable.push((
                            branch.line,
                            format!("`{}` needs an auditq block in the step", branch.text),
                        ));
                    }
                    _ => {}
                }
            }
        }
        unanswerable.extend(routes::circles(self.runbook));
        for (line, message) in unanswerable {
            self.fault(line, message);
        }
    }
}

/// `Step 3: Title` as 3 and `Title`.
fn step_title(heading: &str) -> Option<(usize, &str)> {
    let (word, rest) = heading.split_once(' ')?;
    let (number, title) = rest.split_once(':')?;
    let title = title.trim();
    (word.eq_ignore_ascii_case("step") && !title.is_empty())
        .then_some((number.trim().parse().ok()?, title))
}

/// A keyword or label without the punctuation around it.
fn bare(text: &str) -> &str {
    text.trim().trim_end_matches([':', ',']).trim_end()
}

fn bulleted(block: &Block) -> String {
    let text = plain(&block.inlines);
    match block.kind {
        BlockKind::Item {
            number: Some(number),
        } => format!("{number}. {text}"),
        BlockKind::Item { number: None } => format!("- {text}"),
        _ => text,
    }
}

fn is_glossary(inlines: &[Inline]) -> bool {
    inlines.first().is_some_and(|first| {
        first.kind == InlineKind::Strong && bare(&first.text).eq_ignore_ascii_case("words")
    })
}

/// `*term* = meaning · *term* = meaning`.
fn glossary(inlines: &[Inline]) -> Vec<(String, String)> {
    let mut words: Vec<(String, String)> = Vec::new();
    for inline in inlines.iter().skip(1) {
        match (&inline.kind, words.last_mut()) {
            // Several words with one meaning: `*exec*, *attach* = …`.
            (InlineKind::Emphasis, Some((word, between)))
                if matches!(between.trim(), "," | "and" | "or" | "/") =>
            {
                *word = format!("{word}, {}", inline.text.trim());
                between.clear();
            }
            (InlineKind::Emphasis, _) => words.push((inline.text.trim().to_owned(), String::new())),
            (_, Some((_, meaning))) => meaning.push_str(&inline.text),
            _ => {}
        }
    }
    for (_, meaning) in &mut words {
        *meaning = meaning
            .trim_matches([' ', '=', '·', '\n'])
            .trim_end_matches([',', ';'])
            .to_owned();
    }
    words
}

/// Everything wrong with a runbook, by line; empty for one that can be used.
pub(super) fn parse(text: &str, runbook: &mut Runbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    // Without its inputs, most of what the body would be blamed for follows from the front matter.
    let outcome = front::split(text).and_then(|(yaml, body, line)| {
        front::read(yaml, runbook, &mut faults)?;
        read(body, line, runbook, &mut faults);
        Ok(())
    });
    faults.extend(outcome.err());
    faults.sort_by_key(|(line, _)| *line);
    faults
}
