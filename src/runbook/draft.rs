//! A runbook to begin with: every part once, with what it is for; the queries of somebody who looked before.

use super::Runbook;

/// Steps made of queries at most.
const STEPS: usize = 50;

/// The text of a new runbook, one step for each query, or one that shows how. The error says what is wrong with the id.
pub fn draft(id: &str, queries: &[String]) -> Result<String, String> {
    let given: Vec<&str> = if queries.is_empty() {
        vec!["actor:{user} outcome:failure"]
    } else {
        queries.iter().take(STEPS).map(String::as_str).collect()
    };
    let mut text = head(id, queries.is_empty());
    for (index, query) in given.iter().enumerate() {
        let number = index + 1;
        let next = if number < given.len() {
            format!("[Step {}](#step-{}-look)", number + 1, number + 1)
        } else {
            "done: say in a word what is known now".to_owned()
        };
        // A query of several lines, or with fences in it, would end its block.
        let query = query.replace('\n', " ").replace("```", "` ` `");
        text.push_str(&format!(
            "## Step {number}: Look\n\n\
             **Scenario:** what the reader knows at this point, and what not.\n\n\
             **Action:** what to look at in the rows. Nothing is ever run but the query.\n\n\
             ```auditq id=look-{number} expect=1.. show=ts,actor,action,target,outcome,ip group=ip\n{query}\n```\n\n\
             **Expect:** what the rows look like if all is well.\n\n\
             **Outcome:** what is known after this step.\n\n\
             - **If** 0 rows **then** done: nothing of the kind was recorded, if NAME THE LOG that records it is open \
             for these days; without that log 0 rows mean nothing\n\
             - **Else** {next}\n\n",
        ));
    }
    text.push_str(
        "## Escalation\n\n\
         ```escalate\n\
         {runbook.title}, step {step}: {rows} rows\n\
         Given: {inputs}\n\
         Range: {window}\n\
         Query: {query}\n\
         Tried: {tried}\n\
         Can the records be trusted: {verdict}. {coverage}\n\
         Record ids: {ids}\n\
         ```\n",
    );
    match Runbook::parse(id, &text) {
        Ok(_) => Ok(text),
        Err(error) => Err(error.message),
    }
}

fn head(id: &str, with_input: bool) -> String {
    let inputs = if with_input {
        "inputs:                             # what the reader is asked for; {user} stands for it in queries\n\
         \x20 user: {label: User name, type: id, required: true}\n\
         \x20 day:  {label: Day it was noticed, type: date, default: today}\n\
         window: {from: \"{day} - 3d\", to: \"{day} + 1d\"}\n"
    } else {
        "# inputs:                           # what the reader is asked for; {user} stands for it in queries\n\
         #   user: {label: User name, type: id, pattern: '[a-z]+', required: true}\n\
         #   day:  {label: Day it was noticed, type: date, default: today}\n\
         # window: {from: \"{day} - 3d\", to: \"{day} + 1d\"}\n"
    };
    format!(
        "---\n\
         runbook: 1\n\
         id: {id}\n\
         title: What happened, in the words of whoever calls\n\
         audience: [on-call]\n\
         # role: support                     # the least role it needs\n\
         # logs: [k8s-audit, cloudtrail]     # name the formats that must be open: without them 0 rows are no answer,\n\
         #                                   # and with this line that is said; see auditty formats list\n\
         {inputs}\
         # escalate: {{to: \"#oncall\", sla: 1h}}\n\
         ---\n\
         # What happened, in the words of whoever calls\n\n\
         When to take this runbook, and what it will tell. One paragraph.\n\n\
         > **Words:** *actor* = who did it · *target* = what it was done to\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drafted_can_be_used() {
        for queries in [&[][..], &["actor:a".into(), "a\n\"b ``` c\" OR d".into()]] {
            let text = draft("my-own", queries).unwrap();
            let faults = Runbook::lint("my-own.md", &text);
            assert_eq!(faults, [], "{text}");
        }
        assert!(draft("No Id", &[]).unwrap_err().contains("lower-case"));
    }
}
