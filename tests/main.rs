#[test]
fn t() {}
mod readme;
mod screenshots;
