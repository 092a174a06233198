//! Every answer against `openapi.json`: no field missing, none that is not described.

use crate::world::{World, key};
use serde_json::{Value, json};

/// What is wrong with a value, if anything. Knows what the document uses of JSON Schema.
fn wrong(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        return wrong(document, target, value, at);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().find_map(|one| wrong(document, one, value, at));
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let faults: Vec<_> = any.iter().map(|one| wrong(document, one, value, at)).collect();
        return if faults.iter().any(Option::is_none) { None } else { faults.into_iter().next().flatten() };
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        return Some(format!("{at} is {value}, none of {known:?}"));
    }
    let is = |ty: &str| match ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let fits = match &schema["type"] {
        Value::String(ty) => is(ty),
        Value::Array(types) => types.iter().any(|ty| is(ty.as_str().unwrap())),
        _ => true,
    };
    if !fits {
        return Some(format!("{at} is {value}, not {}", schema["type"]));
    }
    if let Some(items) = value.as_array() {
        return items.iter().find_map(|item| wrong(document, &schema["items"], item, &format!("{at}[]")));
    }
    let fields = value.as_object()?;
    let known = schema["properties"].as_object()?;
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            return Some(format!("{at}.{name} is missing"));
        }
    }
    fields.iter().find_map(|(name, field)| match known.get(name) {
        Some(schema) => wrong(document, schema, field, &format!("{at}.{name}")),
        None => Some(format!("{at}.{name} is not described")),
    })
}

#[test]
fn the_checker_sees_faults() {
    let document = json!({ "components": { "schemas": { "A": { "type": "object", "properties": { "x": { "type": ["integer", "null"] } }, "required": ["x"] } } } });
    let schema = json!({ "$ref": "#/components/schemas/A" });
    let fine = |value: Value| wrong(&document, &schema, &value, "a").is_none();
    assert!(fine(json!({ "x": 1 })) && fine(json!({ "x": null })));
    assert!(!fine(json!({ "x": "1" })) && !fine(json!({})) && !fine(json!({ "x": 1, "y": 2 })) && !fine(json!([])));
}

#[test]
fn answers_are_as_described() {
    let world = World::new();
    let market = world.market();
    let document = world.get("/v1/openapi.json");
    let (trader, maker) = (key(1).address(), key(0).address());
    let (token, pool, swap, failed) = (market.token, market.pool, market.swap, market.failed);
    let weth = limpid_abi::addresses::Addresses::default().weth;
    let asked = [
        ("/v1/status", "/v1/status".to_owned()),
        ("/v1/blocks", "/v1/blocks".to_owned()),
        ("/v1/blocks/{id}", "/v1/blocks/latest".to_owned()),
        ("/v1/blocks/{id}", "/v1/blocks/0".to_owned()),
        ("/v1/blocks/{id}/transactions", "/v1/blocks/latest/transactions".to_owned()),
        ("/v1/transactions", "/v1/transactions".to_owned()),
        ("/v1/transactions/{hash}", format!("/v1/transactions/{swap}")),
        ("/v1/transactions/{hash}", format!("/v1/transactions/{failed}")),
        ("/v1/addresses/{address}", format!("/v1/addresses/{trader}")),
        ("/v1/addresses/{address}", format!("/v1/addresses/{pool}")),
        ("/v1/addresses/{address}", "/v1/addresses/0x00000000000000000000000000000000000000aa".to_owned()),
        ("/v1/addresses/{address}/tokens", format!("/v1/addresses/{maker}/tokens")),
        ("/v1/addresses/{address}/positions", format!("/v1/addresses/{maker}/positions")),
        ("/v1/addresses/{address}/history", format!("/v1/addresses/{trader}/history")),
        ("/v1/addresses/{address}/allowances", format!("/v1/addresses/{trader}/allowances")),
        ("/v1/tokens", "/v1/tokens".to_owned()),
        ("/v1/tokens/{address}", format!("/v1/tokens/{token}")),
        ("/v1/tokens/{address}", format!("/v1/tokens/{weth}")),
        ("/v1/tokens/{address}/holders", format!("/v1/tokens/{token}/holders")),
        ("/v1/tokens/{address}/transfers", format!("/v1/tokens/{token}/transfers")),
        ("/v1/pools", "/v1/pools".to_owned()),
        ("/v1/pools/{address}", format!("/v1/pools/{pool}")),
        ("/v1/pools/{address}/swaps", format!("/v1/pools/{pool}/swaps")),
        ("/v1/contracts", "/v1/contracts".to_owned()),
        ("/v1/contracts/{address}", format!("/v1/contracts/{pool}")),
        ("/v1/search", "/v1/search?q=usd".to_owned()),
    ];
    let described = document["paths"].as_object().unwrap().keys();
    for path in
        described.filter(|path| !matches!(path.as_str(), "/v1/openapi.json" | "/v1/addresses/{address}/history.csv"))
    {
        let later = document["paths"][path]["get"]["x-later"] == true;
        assert!(later || asked.iter().any(|(one, _)| one == path), "{path} is not looked at");
    }
    let mut faults = Vec::new();
    for (path, url) in &asked {
        let answer = world.get(url);
        let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        if let Some(items) = answer["items"].as_array() {
            assert!(!items.is_empty(), "{url} shows nothing");
        }
        assert_eq!(answer["block"]["number"], world.node.block_number(), "{url}");
        faults.extend(wrong(&document, schema, &answer, url));
    }
    let error = world.http("GET", "/v1/blocks/999999", "").json();
    faults.extend(wrong(&document, &json!({ "$ref": "#/components/schemas/Error" }), &error, "error"));
    assert_eq!(faults, Vec::<String>::new());
}
