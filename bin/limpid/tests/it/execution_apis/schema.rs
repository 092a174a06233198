//! As much of JSON Schema as the suite's OpenRPC document uses.

use serde_json::{Map, Value, json};

/// Whether `value` has the shape that `schema` wants.
pub(super) fn check(value: &Value, schema: &Value) -> Result<(), String> {
    let Value::Object(schema) = schema else { return Ok(()) };
    if let Some(kind) = schema.get("type") {
        of_type(value, kind)?;
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && let Some(text) = value.as_str()
        && !fits(text, pattern)
    {
        return Err(format!("{text} does not fit {pattern}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array)
        && !choices.contains(value)
    {
        return Err(format!("{value} is none of {choices:?}"));
    }
    let fitting = |name: &str| {
        let branches = schema.get(name).and_then(Value::as_array);
        branches.map(|branches| branches.iter().filter(|branch| check(value, branch).is_ok()).count())
    };
    match (fitting("oneOf"), fitting("anyOf")) {
        (Some(count), _) if count != 1 => {
            return Err(format!("fits {count} of the shapes of {:?}", schema.get("title")));
        }
        (_, Some(0)) => return Err(format!("fits none of the shapes of {:?}", schema.get("title"))),
        _ => {}
    }
    for branch in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        check(value, branch)?;
    }
    match value {
        Value::Object(fields) => object(fields, schema),
        Value::Array(items) => {
            let item = schema.get("items").unwrap_or(&Value::Null);
            items.iter().enumerate().try_for_each(|(at, one)| check(one, item).map_err(|why| format!("{at}: {why}")))
        }
        _ => Ok(()),
    }
}

fn object(fields: &Map<String, Value>, schema: &Map<String, Value>) -> Result<(), String> {
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{name} is missing"));
        }
    }
    for (name, value) in fields {
        let named = |why| format!("{name}: {why}");
        match (properties.get(name), schema.get("additionalProperties")) {
            (Some(property), _) => check(value, property).map_err(named)?,
            (None, Some(Value::Bool(false))) => return Err(format!("{name} is too much")),
            (None, Some(others)) => check(value, others).map_err(named)?,
            (None, None) => {}
        }
    }
    Ok(())
}

fn of_type(value: &Value, kind: &Value) -> Result<(), String> {
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_u64() || value.is_i64(),
        other => panic!("a type that this checker does not know: {other:?}"),
    };
    let fits = match kind {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if fits { Ok(()) } else { Err(format!("{value} is no {kind}")) }
}

/// The document's patterns: `0x` and then digits, of a class and a number of times.
fn fits(text: &str, pattern: &str) -> bool {
    let Some(pattern) = pattern.strip_prefix("^0x").and_then(|rest| rest.strip_suffix('$')) else { unknown(pattern) };
    let Some(digits) = text.strip_prefix("0x") else { return false };
    if pattern.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return digits == pattern;
    }
    if let Some(quantity) = pattern.strip_prefix("(0|[1-9a-f]").and_then(|rest| rest.strip_suffix(')')) {
        return digits == "0"
            || (!digits.starts_with('0') && !digits.is_empty() && run(&digits[1..], quantity))
                && run(&digits[..1], "[0-9a-f]{1}");
    }
    run(digits, pattern)
}

fn unknown(pattern: &str) -> ! {
    panic!("a pattern that this checker does not know: {pattern}")
}

fn run(digits: &str, pattern: &str) -> bool {
    let (upper, times) = match (pattern.strip_prefix("[0-9a-f]"), pattern.strip_prefix("[0-9a-fA-F]")) {
        (Some(times), _) => (false, times),
        (_, Some(times)) => (true, times),
        _ => unknown(pattern),
    };
    let class = |byte: u8| byte.is_ascii_hexdigit() && (upper || !byte.is_ascii_uppercase());
    let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| unknown(pattern));
    let (least, most) = match times.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        None if times == "*" => (0, usize::MAX),
        None => unknown(pattern),
        Some(range) => match range.split_once(',') {
            Some((least, most)) => (number(least), number(most)),
            None => (number(range), number(range)),
        },
    };
    digits.bytes().all(class) && (least..=most).contains(&digits.len())
}

#[test]
fn shapes() {
    let quantity = json!({ "type": "string", "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$" });
    for (text, good) in [("0x0", true), ("0x1f", true), ("0x01", false), ("0x", false), ("1", false), ("0xG", false)] {
        assert_eq!(check(&json!(text), &quantity).is_ok(), good, "{text}");
    }
    let address = json!({ "pattern": "^0x[0-9a-fA-F]{40}$" });
    assert!(check(&json!(format!("0x{}", "aB".repeat(20))), &address).is_ok());
    assert!(check(&json!("0xaB"), &address).is_err());
    let schema = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "oneOf": [{ "type": "null" }, { "type": "array", "items": quantity }] } },
    });
    for (value, good) in [
        (json!({ "a": null }), true),
        (json!({ "a": ["0x1"] }), true),
        (json!({ "a": ["0x01"] }), false),
        (json!({}), false),
        (json!({ "a": null, "b": 1 }), false),
        (json!([]), false),
    ] {
        assert_eq!(check(&value, &schema).is_ok(), good, "{value}");
    }
}
