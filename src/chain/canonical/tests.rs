//! What writers' serialisers print, from what they logged.

use super::*;

fn write(line: &str, sorted: bool, spaced: bool, drop: &str) -> String {
    let order = if sorted {
        Order::CodePoint
    } else {
        Order::AsWritten
    };
    let form = Form {
        order,
        spaced,
        respelled: false,
    };
    write_as(form, line, drop)
}

fn write_as(form: Form, line: &str, drop: &str) -> String {
    let object = Object::read(line.as_bytes()).unwrap();
    let mut out = Vec::new();
    let edit = |index: usize| {
        if object.members[index].key == format!("\"{drop}\"").as_bytes() {
            Edit::Drop
        } else {
            Edit::Keep
        }
    };
    object.write(form, edit, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn tokens_stay_and_structure_moves() {
    let line = r#" {"b" : 1.0,"a":{"z":[1e-07, {"y":"caf\u00e9","x":{}}],"c":null},"h":"gone"} "#;
    assert_eq!(
        write(line, true, false, "h"),
        r#"{"a":{"c":null,"z":[1e-07,{"x":{},"y":"caf\u00e9"}]},"b":1.0}"#
    );
    assert_eq!(
        write(line, true, true, "h"),
        r#"{"a": {"c": null, "z": [1e-07, {"x": {}, "y": "caf\u00e9"}]}, "b": 1.0}"#
    );
    assert_eq!(
        write(line, false, false, "h"),
        r#"{"b":1.0,"a":{"z":[1e-07,{"y":"caf\u00e9","x":{}}],"c":null}}"#
    );
    assert_eq!(write("{}", true, true, ""), "{}");
}

#[test]
fn keys_that_begin_alike_sort_by_the_rest() {
    assert_eq!(
        write(
            r#"{"previous_hash":1,"previous":2,"previous_":3,"prev":4,"p\u0041":5}"#,
            true,
            false,
            ""
        ),
        r#"{"p\u0041":5,"prev":4,"previous":2,"previous_":3,"previous_hash":1}"#
    );
    assert_eq!(
        write(
            r#"{"previous_b":1,"previous_a":2,"previous":3}"#,
            true,
            false,
            ""
        ),
        r#"{"previous":3,"previous_a":2,"previous_b":1}"#
    );
}

#[test]
fn keys_sort_by_code_point_of_their_text() {
    // U+FF5E sorts before U+1F600 by code point (and after it by UTF-16 unit); "\u0041" is "A".
    assert_eq!(
        write(
            r#"{"😀":1,"～":2,"b":3,"\u0041":4,"aa":5,"a":6}"#,
            true,
            false,
            ""
        ),
        r#"{"\u0041":4,"a":6,"aa":5,"b":3,"～":2,"😀":1}"#
    );
}

#[test]
fn rfc_8785_respells_every_value() {
    // From the RFC's sections 3.2.2 and 3.2.3, on one line.
    let line = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001, -0.0],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
    assert_eq!(
        write_as(Form::JCS, &line.replace('\n', ""), ""),
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    assert_eq!(
        write_as(
            Form::JCS,
            r#"{"～":2,"😀":1,"\u0041":4,"a":{"d":1,"c":1.0}}"#,
            ""
        ),
        r#"{"A":4,"a":{"c":1,"d":1},"😀":1,"～":2}"#
    );
}

#[test]
fn layouts_are_told_apart() {
    for (line, layout) in [
        (r#"{"a":1,"b":[1,{"c":2}]}"#, Layout::Compact),
        (r#"{"a": 1, "b": [1, {"c": 2}]}"#, Layout::Spaced),
        (r#"{"a":1, "b":[1,{"c":2}]}"#, Layout::Other),
        ("{}\r", Layout::Compact),
    ] {
        assert_eq!(
            Object::read(line.as_bytes()).unwrap().layout,
            layout,
            "{line}"
        );
    }
    for bad in ["", "[1]", "{\"a\":1}x", "{\"a\":1", "1"] {
        assert!(Object::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!(
        "{{\"a\":{}1{}}}",
        "{\"b\":2,\"a\":".repeat(500),
        "}".repeat(500)
    );
    let out = write(&deep, true, false, "");
    assert!(out.starts_with("{\"a\":{\"a\":{\"a\":"));
    assert_eq!(out.len(), deep.len());
}
