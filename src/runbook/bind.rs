//! From a step to the query it runs: inputs bound in the tree, the window added.

use std::collections::BTreeSet;

use crate::query::Query;
use crate::query::ast::{Ast, FieldRef, Test};

use super::{InputError, Inputs, Runbook, inputs, placeholders, window};

pub(super) fn step_query(
    runbook: &Runbook,
    step: usize,
    values: &Inputs,
) -> Result<Option<Query>, InputError> {
    let Some(written) = runbook.steps.get(step).and_then(|step| step.query.as_ref()) else {
        return Ok(None);
    };
    let fault = |name: &str, message: String| match runbook
        .inputs
        .iter()
        .find(|input| input.name == name)
    {
        Some(input) => inputs::error(input, message),
        None => InputError {
            name: name.to_owned(),
            label: written.id.clone(),
            message,
        },
    };
    let query = Query::parse(&written.text).map_err(|error| fault("", error.to_string()))?;
    let query = query
        .substitute(&|name| values.get(name).cloned())
        .map_err(|name| fault(&name, "this step needs a value".into()))?;
    let mut terms = query.conjuncts();
    if let Some((from, to)) = &runbook.window {
        let settle = |text: &str| {
            window::settle(text, values).map_err(|(name, message)| fault(&name, message))
        };
        terms.extend(settle(from)?.map(Ast::Since));
        terms.extend(settle(to)?.map(Ast::Until));
    }
    Ok(Some(Query::from_conjuncts(terms)))
}

/// The fields whose value an input is, in the order in which the queries compare them, each once.
pub(super) fn fields_of(runbook: &Runbook, input: &str) -> Vec<FieldRef> {
    let placeholder = format!("{{{input}}}");
    let queries = runbook.steps.iter().filter_map(|step| step.query.as_ref());
    let mut fields = Vec::new();
    for query in queries.filter_map(|query| Query::parse(&query.text).ok()) {
        compared(&query.ast, &placeholder, &mut fields);
    }
    fields
}

fn compared(ast: &Ast, placeholder: &str, fields: &mut Vec<FieldRef>) {
    fn holds(test: &Test, placeholder: &str) -> bool {
        match test {
            Test::Is(pattern) => pattern.text == placeholder,
            Test::Any(tests) => tests.iter().any(|test| holds(test, placeholder)),
            _ => false,
        }
    }
    match ast {
        Ast::And(terms) | Ast::Or(terms) => {
            for term in terms {
                compared(term, placeholder, fields);
            }
        }
        Ast::Not(term) => compared(term, placeholder, fields),
        Ast::Field(field, test) if holds(test, placeholder) && !fields.contains(field) => {
            fields.push(field.clone());
        }
        _ => {}
    }
}

/// Steps that cannot ask if an input is left empty, which it may be: line of the block, and what is wrong.
pub(super) fn without_value(runbook: &Runbook) -> Vec<(usize, String)> {
    let may_be_empty = |name: &str| {
        let input = runbook.inputs.iter().find(|input| input.name == name);
        input.is_some_and(|input| !input.required && input.default.is_none())
    };
    let queries = runbook.steps.iter().filter_map(|step| step.query.as_ref());
    let mut faults = Vec::new();
    for query in queries {
        let names: BTreeSet<&str> = placeholders(&query.text).collect();
        for name in names.into_iter().filter(|name| may_be_empty(name)) {
            let message = format!(
                "`{{{name}}}` may be left empty, and then this step cannot ask: make it required, or give it a default"
            );
            faults.push((query.line, message));
        }
    }
    faults
}
