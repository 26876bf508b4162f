//! The ways through a runbook: circles that nobody would get out of, and steps that nobody gets to.

use super::{Condition, Runbook, Step};

/// Something wrong at a line of the file (1-based).
type Fault = (usize, String);

/// A way from a step, and the line that says so.
struct Way {
    to: usize,
    line: usize,
}

/// Where a step leads. `decided` = only without a person: what stands after a condition for people is never decided.
fn ways(runbook: &Runbook, index: usize, decided: bool) -> Vec<Way> {
    let step: &Step = &runbook.steps[index];
    if step.branches.is_empty() {
        let next = index + 1;
        let is_step = next < runbook.steps.len();
        return is_step
            .then_some(Way {
                to: next,
                line: step.line,
            })
            .into_iter()
            .collect();
    }
    let for_people = |condition: &Condition| matches!(condition, Condition::Prose(_));
    step.branches
        .iter()
        .take_while(|branch| !decided || !for_people(&branch.condition))
        .filter_map(|branch| {
            Some(Way {
                to: branch.goto?,
                line: branch.line,
            })
        })
        .collect()
}

/// Circles in which every branch decides itself: whoever follows the runbook would never come to an end.
pub(super) fn circles(runbook: &Runbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    // Of each step: not seen, on the way that is being followed, done.
    let mut seen = vec![None; runbook.steps.len()];
    for start in 0..runbook.steps.len() {
        if seen[start].is_some() {
            continue;
        }
        seen[start] = Some(true);
        let mut path = vec![(start, ways(runbook, start, true).into_iter())];
        while let Some((step, rest)) = path.last_mut() {
            let step = *step;
            match rest.next() {
                None => {
                    seen[step] = Some(false);
                    path.pop();
                }
                Some(way) if seen[way.to] == Some(true) => faults.push((
                    way.line,
                    format!(
                        "this leads back from step {} to step {}, and no person decides in between: it would never end",
                        step + 1,
                        way.to + 1
                    ),
                )),
                Some(way) if seen[way.to].is_none() => {
                    seen[way.to] = Some(true);
                    path.push((way.to, ways(runbook, way.to, true).into_iter()));
                }
                Some(_) => {}
            }
        }
    }
    faults
}

/// Steps that no way leads to from the first one.
pub(super) fn out_of_reach(runbook: &Runbook) -> Vec<Fault> {
    let mut reached = vec![false; runbook.steps.len()];
    let mut open = vec![0];
    while let Some(step) = open.pop() {
        if let Some(known) = reached.get_mut(step)
            && !std::mem::replace(known, true)
        {
            open.extend(ways(runbook, step, false).into_iter().map(|way| way.to));
        }
    }
    let steps = runbook.steps.iter().zip(reached).zip(1..);
    steps
        .filter(|((_, reached), _)| !reached)
        .map(|((step, _), number)| {
            let message = format!("no branch leads to step {number}");
            (step.line, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbook(steps: &str) -> Runbook {
        let text = format!("---\nrunbook: 1\nid: x\ntitle: X\n---\n{steps}");
        Runbook::examine("x.md", &text).0
    }

    #[test]
    fn a_circle_that_decides_itself_is_found_where_it_closes() {
        let book = runbook(
            "## Step 1: A {#a}\n```auditq\n*\n```\n- **If** 0 rows **then** [B](#b)\n- **Else** [C](#c)\n\
             ## Step 2: B {#b}\ntext\n\
             ## Step 3: C {#c}\n- **Else** [A](#a)\n",
        );
        let faults = circles(&book);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].0, 15);
        assert!(faults[0].1.contains("from step 3 to step 1"), "{faults:?}");
    }

    #[test]
    fn a_person_may_be_sent_back() {
        let book = runbook(
            "## Step 1: A {#a}\ntext\n\
             ## Step 2: B {#b}\n- **If** the owner objects **then** [A](#a)\n- **Else** [A](#a)\n",
        );
        assert_eq!(circles(&book), []);
        let itself = runbook("## Step 1: A {#a}\n- **Else** [A](#a)\n");
        assert_eq!(circles(&itself).len(), 1);
    }

    #[test]
    fn a_step_that_nothing_leads_to_is_named() {
        let book = runbook(
            "## Step 1: A {#a}\n- **Else** [C](#c)\n## Step 2: B {#b}\nx\n## Step 3: C {#c}\nx\n",
        );
        assert_eq!(
            out_of_reach(&book),
            [(8, "no branch leads to step 2".to_owned())]
        );
        assert_eq!(out_of_reach(&Runbook::default()), []);
    }
}
