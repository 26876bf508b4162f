//! From a step to the query it runs: inputs bound in the tree, the window added.

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
