//! Branches: reading their conditions, and deciding them from what a step's query gave.

use super::{
    Branch, Condition, Evidence, Expect, Inputs, Runbook, Step, expect, fill, placeholders,
};
use crate::event::field::{Field, FieldType};
use crate::query::ast::{Pattern, Test};
use crate::query::token::fold;
use crate::query::value::ValueTest;
use crate::text::suggest::hint;

/// Reads the text between **If** and **then**. What is no known form is prose, for a person to judge.
pub(super) fn condition(text: &str) -> Condition {
    let text = text.replace('`', "");
    let text = text.trim().trim_end_matches([',', ':']).trim_end();
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "met" => return Condition::Met,
        "not met" => return Condition::NotMet,
        "no rows" => {
            return Condition::Rows(Expect {
                distinct: None,
                min: 0,
                max: Some(0),
            });
        }
        "some rows" => {
            return Condition::Rows(Expect {
                distinct: None,
                min: 1,
                max: None,
            });
        }
        _ => {}
    }
    if let Some(count) = lower.strip_suffix(" rows").or(lower.strip_suffix(" row"))
        && let Ok(expect) = expect::parse(count)
        && expect.distinct.is_none()
    {
        return Condition::Rows(expect);
    }
    if text.starts_with("distinct(")
        && let Ok(expect) = expect::parse(text)
    {
        return Condition::Rows(expect);
    }
    let compared = |word: &str| {
        let (field, value) = text.get(word.len()..)?.split_once(" = ")?;
        let (field, value) = (field.trim(), value.trim());
        let is_comparison = lower.starts_with(word) && !field.contains(char::is_whitespace);
        (is_comparison && !field.is_empty() && !value.is_empty())
            .then(|| (field.to_owned(), value.to_owned()))
    };
    if let Some((field, value)) = compared("every ") {
        return Condition::Every { field, value };
    }
    if let Some((field, value)) = compared("any ") {
        return Condition::Any { field, value };
    }
    Condition::Prose(text.to_owned())
}

/// Conditions that look like one of the known forms and are none: line and what is wrong. They would be for a person to
/// judge, which nobody who wrote a count meant.
pub(super) fn mistaken(runbook: &Runbook) -> Vec<(usize, String)> {
    let is_input = |name: &&str| runbook.inputs.iter().any(|input| input.name == **name);
    let mut faults = Vec::new();
    for branch in runbook.steps.iter().flat_map(|step| &step.branches) {
        match &branch.condition {
            Condition::Prose(text) => {
                faults.extend(no_count(text).map(|message| (branch.line, message)));
            }
            Condition::Every { value, .. } | Condition::Any { value, .. } => {
                let unknown = placeholders(value).filter(|name| !is_input(name));
                faults.extend(unknown.map(|name| {
                    let near = hint(name, runbook.inputs.iter().map(|i| i.name.as_str()));
                    (branch.line, format!("`{{{name}}}` names no input{near}"))
                }));
            }
            _ => {}
        }
    }
    faults
}

/// Why a condition that begins like a count is none.
fn no_count(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let count = lower.strip_suffix(" rows").or(lower.strip_suffix(" row"));
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || "<>=.-".contains(c));
    let tried = match count {
        Some(count) if begins(count) => count,
        _ if lower.starts_with("distinct(") => text,
        _ => return None,
    };
    expect::parse(tried).err()
}

/// The branch the evidence points to. A branch that can't be decided yet, or not by a program, stops the search:
/// those after it hold only if it does not.
pub(super) fn decide(step: &Step, evidence: &Evidence, inputs: &Inputs) -> Option<usize> {
    let (index, is_decided) = first_open(step, evidence, inputs)?;
    is_decided.then_some(index)
}

/// Whether what was found says that a branch is not to be taken: it does not hold, or it is for what is left and one before
/// it holds.
pub(super) fn contradicts(step: &Step, index: usize, evidence: &Evidence, inputs: &Inputs) -> bool {
    let Some(branch) = step.branches.get(index) else {
        return false;
    };
    let is_other = decide(step, evidence, inputs).is_some_and(|decided| decided != index);
    match branch.condition {
        Condition::Else => is_other,
        _ => holds(step, branch, evidence, inputs) == Some(false),
    }
}

/// The branch that stops [`decide`], if one does.
pub(super) fn undecided(step: &Step, evidence: &Evidence, inputs: &Inputs) -> Option<usize> {
    let (index, is_decided) = first_open(step, evidence, inputs)?;
    (!is_decided).then_some(index)
}

/// The first branch that is not known not to hold, and whether it is known to hold.
fn first_open(step: &Step, evidence: &Evidence, inputs: &Inputs) -> Option<(usize, bool)> {
    let judged = step
        .branches
        .iter()
        .map(|branch| holds(step, branch, evidence, inputs));
    let mut open = judged.enumerate().filter(|(_, held)| *held != Some(false));
    open.next().map(|(index, held)| (index, held.is_some()))
}

/// Whether a branch's condition holds; `None` = not known yet, or for a person to say.
fn holds(step: &Step, branch: &Branch, evidence: &Evidence, inputs: &Inputs) -> Option<bool> {
    let expected = || step.query.as_ref()?.expect.as_ref();
    match &branch.condition {
        Condition::Else => Some(true),
        Condition::Prose(_) => None,
        Condition::Met => met(expected()?, evidence),
        Condition::NotMet => met(expected()?, evidence).map(|met| !met),
        Condition::Rows(expect) => met(expect, evidence),
        Condition::Any { field, value } => {
            let test = test(field, value, inputs)?;
            let mut values = evidence.values.get(field)?.iter();
            let seen = values.any(|(v, count)| *count > 0 && test.matches(&fold(v)));
            if seen {
                Some(true)
            } else {
                let is_all = evidence.is_sure() && !evidence.more.contains(field);
                is_all.then_some(false)
            }
        }
        Condition::Every { field, value } => {
            let test = test(field, value, inputs)?;
            let values = evidence.values.get(field)?;
            if values
                .iter()
                .any(|(v, count)| *count > 0 && !test.matches(&fold(v)))
            {
                return Some(false);
            }
            // Rows without the field are not rows that equal the value.
            let counted: u64 = values
                .iter()
                .fold(0, |sum, (_, count)| sum.saturating_add(*count));
            let has_all = !evidence.missing.contains(field) && counted >= evidence.rows;
            evidence.is_sure().then_some(evidence.rows > 0 && has_all)
        }
    }
}

/// As the query of a step compares the two: what an input gives is taken as it is. `None` = the field has no such values.
fn test(field: &str, value: &str, inputs: &Inputs) -> Option<ValueTest> {
    let pattern = Pattern {
        text: fill(value, |name| inputs.get(name).cloned()),
        quoted: placeholders(value).next().is_some(),
    };
    let test = Test::Is(pattern);
    let test = match Field::find(field) {
        Some(field) => ValueTest::for_field(&test, field),
        None => ValueTest::new(&test, FieldType::Text),
    };
    test.ok()
}

/// Whether an expectation is met; `None` = not known yet.
pub(super) fn met(expect: &Expect, evidence: &Evidence) -> Option<bool> {
    let count = match &expect.distinct {
        None => evidence.rows,
        Some(field) => evidence
            .values
            .get(field)?
            .iter()
            .filter(|(_, count)| *count > 0)
            .count() as u64,
    };
    // Rows without the field may each stand for a value of its own, and values may be left out.
    let open = |field: &String| evidence.more.contains(field) || evidence.missing.contains(field);
    let is_open = expect.distinct.as_ref().is_some_and(open);
    expect.decided(count, evidence.is_sure() && !is_open)
}

/// The fields whose value counts the expectation and the conditions of a step look at, each once.
pub(super) fn fields_needed(step: &Step) -> Vec<String> {
    let counts = step
        .query
        .iter()
        .flat_map(|query| [query.expect.as_ref(), query.alarm.as_ref()]);
    let expected = counts.flatten().filter_map(|e| e.distinct.as_ref());
    let asked = step
        .branches
        .iter()
        .filter_map(|branch| match &branch.condition {
            Condition::Rows(expect) => expect.distinct.as_ref(),
            Condition::Every { field, .. } | Condition::Any { field, .. } => Some(field),
            _ => None,
        });
    let mut fields: Vec<String> = Vec::new();
    for field in expected.chain(asked) {
        if !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::StepQuery;

    fn rows(min: u64, max: Option<u64>) -> Condition {
        Condition::Rows(Expect {
            distinct: None,
            min,
            max,
        })
    }

    #[test]
    fn reads_conditions_and_leaves_the_rest_to_people() {
        for (text, want) in [
            ("0 rows", rows(0, Some(0))),
            ("no rows,", rows(0, Some(0))),
            ("1 row", rows(1, Some(1))),
            ("`>100` rows", rows(101, None)),
            ("2..3 rows", rows(2, Some(3))),
            ("some rows", rows(1, None)),
            ("Met", Condition::Met),
            ("not met", Condition::NotMet),
            (
                "distinct(ip)>1",
                Condition::Rows(Expect {
                    distinct: Some("ip".into()),
                    min: 2,
                    max: None,
                }),
            ),
            (
                "every actor = {user}",
                Condition::Every {
                    field: "actor".into(),
                    value: "{user}".into(),
                },
            ),
            (
                "any `objectRef.name` = a b",
                Condition::Any {
                    field: "objectRef.name".into(),
                    value: "a b".into(),
                },
            ),
            ("many rows", Condition::Prose("many rows".into())),
            (
                "every one of them = odd",
                Condition::Prose("every one of them = odd".into()),
            ),
            (
                "the owner says no",
                Condition::Prose("the owner says no".into()),
            ),
            ("évery x = y", Condition::Prose("évery x = y".into())),
        ] {
            assert_eq!(condition(text), want, "{text}");
        }
    }

    fn step(expect: Option<&str>, conditions: &[&str]) -> Step {
        Step {
            query: Some(StepQuery {
                expect: expect.map(|e| expect::parse(e).unwrap()),
                ..StepQuery::default()
            }),
            branches: conditions
                .iter()
                .map(|text| Branch {
                    condition: if *text == "else" {
                        Condition::Else
                    } else {
                        condition(text)
                    },
                    text: (*text).into(),
                    when: String::new(),
                    then: String::new(),
                    goto: None,
                    line: 0,
                })
                .collect(),
            ..Step::default()
        }
    }

    fn evidence(rows: u64, values: &[(&str, &[(&str, u64)])], complete: bool) -> Evidence {
        let values = values
            .iter()
            .map(|(field, values)| {
                (
                    (*field).into(),
                    values.iter().map(|(v, n)| ((*v).into(), *n)).collect(),
                )
            })
            .collect();
        Evidence {
            rows,
            values,
            complete,
            ..Evidence::default()
        }
    }

    #[test]
    fn an_undecided_branch_never_lets_a_later_one_win() {
        let step = step(None, &["0 rows", "else"]);
        let none = Inputs::new();
        assert_eq!(decide(&step, &evidence(0, &[], false), &none), None);
        assert_eq!(decide(&step, &evidence(0, &[], true), &none), Some(0));
        assert_eq!(decide(&step, &evidence(1, &[], false), &none), Some(1));
        let doubtful = Evidence {
            doubt: Some("the logs end before".into()),
            ..evidence(0, &[], true)
        };
        assert_eq!(decide(&step, &doubtful, &none), None);
        let asks = self::step(None, &["the owner objects", "else"]);
        assert_eq!(decide(&asks, &evidence(9, &[], true), &none), None);
    }

    #[test]
    fn expectations_decide_met_and_not_met() {
        let step = step(Some("distinct(ip)>1"), &["not met", "met"]);
        let none = Inputs::new();
        let ips = |ips: &[(&str, u64)], complete| {
            decide(&step, &evidence(5, &[("ip", ips)], complete), &none)
        };
        assert_eq!(ips(&[("a", 5)], true), Some(0));
        assert_eq!(ips(&[("a", 5)], false), None);
        assert_eq!(ips(&[("a", 3), ("b", 2)], false), Some(1));
        assert_eq!(ips(&[("a", 5), ("b", 0)], true), Some(0));
        assert_eq!(decide(&step, &evidence(5, &[], true), &none), None);
        assert_eq!(fields_needed(&step), ["ip"]);
    }

    #[test]
    fn values_that_are_not_listed_and_rows_without_the_field_count() {
        let none = Inputs::new();
        let step = step(
            Some("distinct(k)..1"),
            &["any k = z", "met", "every k = a", "else"],
        );
        let with = |more: bool, missing: bool| {
            let fields = |is_so: bool| is_so.then(|| "k".to_owned()).into_iter().collect();
            let evidence = Evidence {
                more: fields(more),
                missing: fields(missing),
                ..evidence(2, &[("k", &[("a", 2)])], true)
            };
            decide(&step, &evidence, &none)
        };
        assert_eq!(with(false, false), Some(1));
        assert_eq!(with(true, false), None, "z may be among the others");
        let counted = |most: &str, rows, missing: bool| {
            let missing = missing.then(|| "k".to_owned()).into_iter().collect();
            let evidence = Evidence {
                missing,
                ..evidence(rows, &[("k", &[("a", rows)])], true)
            };
            met(&expect::parse(most).unwrap(), &evidence)
        };
        assert_eq!(counted("distinct(k)<=1", 6, false), Some(true));
        assert_eq!(counted("distinct(k)<=1", 6, true), None);
        assert_eq!(counted("distinct(k)>0", 6, true), Some(true));
        assert_eq!(counted("distinct(k)=0", 6, true), Some(false));
        let every = self::step(None, &["every k = a", "else"]);
        let partly = Evidence {
            missing: std::iter::once("k".to_owned()).collect(),
            ..evidence(1, &[("k", &[("a", 2)])], true)
        };
        assert_eq!(decide(&every, &partly, &none), Some(1));
    }

    #[test]
    fn every_and_any_compare_values_with_inputs() {
        let step = step(None, &["every actor = {user}", "any ip = 10.0.0.1"]);
        let inputs = Inputs::from([("user".into(), "Ann".into())]);
        let run = |rows, actors: &[(&str, u64)], ips: &[(&str, u64)], complete| {
            decide(
                &step,
                &evidence(rows, &[("actor", actors), ("ip", ips)], complete),
                &inputs,
            )
        };
        assert_eq!(run(2, &[("ann", 2)], &[], true), Some(0));
        assert_eq!(run(2, &[("ann", 2)], &[], false), None);
        assert_eq!(
            run(3, &[("ann", 2)], &[], true),
            None,
            "one row has no actor, and no ip is the wanted one"
        );
        assert_eq!(
            run(3, &[("ann", 2), ("bob", 1)], &[("10.0.0.1", 1)], false),
            Some(1)
        );
        assert_eq!(run(0, &[], &[], true), None);
        assert_eq!(fields_needed(&step), ["actor", "ip"]);
        let step = self::step(None, &["every ip = {from}", "else"]);
        let inputs = Inputs::from([("from".into(), "10.0.0.0/8".into())]);
        let ips = |ips: &[(&str, u64)]| decide(&step, &evidence(2, &[("ip", ips)], true), &inputs);
        assert_eq!(ips(&[("10.1.2.3", 1), ("10.9.9.9", 1)]), Some(0));
        assert_eq!(ips(&[("10.1.2.3", 1), ("203.0.113.7", 1)]), Some(1));
        let step = self::step(None, &["every action = Delete*", "else"]);
        let actions = |actions: &[(&str, u64)]| {
            decide(&step, &evidence(2, &[("action", actions)], true), &inputs)
        };
        assert_eq!(actions(&[("deletetrail", 1), ("DeleteKey", 1)]), Some(0));
        assert_eq!(actions(&[("deletetrail", 1), ("get", 1)]), Some(1));
    }
}
