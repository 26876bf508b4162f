//! From a step to the query it runs: inputs bound in the tree, the window added.

use std::cell::RefCell;

use crate::query::Query;
use crate::query::ast::Ast;

use super::{InputError, Inputs, Runbook, inputs, window};

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
    let missing = RefCell::new(String::new());
    let query = query
        .substitute(&|name| {
            let value = values.get(name).cloned();
            if value.is_none() {
                *missing.borrow_mut() = name.to_owned();
            }
            value
        })
        .map_err(|message| match missing.borrow().as_str() {
            "" => fault("", message),
            name => fault(name, "this step needs a value".into()),
        })?;
    let mut terms = match query.ast {
        Ast::All => Vec::new(),
        Ast::And(terms) => terms,
        other => vec![other],
    };
    if let Some((from, to)) = &runbook.window {
        let settle = |text: &str| {
            window::settle(text, values).map_err(|(name, message)| fault(&name, message))
        };
        terms.extend(settle(from)?.map(Ast::Since));
        terms.extend(settle(to)?.map(Ast::Until));
    }
    let ast = match terms.len() {
        0 => Ast::All,
        1 => terms.swap_remove(0),
        _ => Ast::And(terms),
    };
    Ok(Some(Query { ast }))
}
