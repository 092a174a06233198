//! The face of Etherscan's API at `/api`: `module`, `action` and parameters by GET or as a form, HTTP 200 always,
//! `{status, message, result}`, numbers as decimal text but in logs.

mod account;
mod answers;
mod contract;
mod logs;
mod stats;

use crate::{
    api::{App, error::ApiError, view::View},
    server::Rpc,
};
use answers::{Failed, Params, Result};
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, Request},
    http::{Method, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Largest form.
const MOST_FORM: usize = 1 << 20;
/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers a request.
pub(crate) async fn api(app: App, rpc: Rpc, RawQuery(query): RawQuery, request: Request) -> Response {
    match read(query, request).await {
        Ok(params) if params.get("module") == Some("proxy") => proxy(rpc, &params).await,
        Ok(params) => {
            let answer = app.run(move |app| Ok(dispatch(&app.view()?, &params))).await;
            shown(answer.unwrap_or_else(|error| Err(error.into())))
        }
        Err(error) => shown(Err(error)),
    }
}

/// Parameters of the query and of the form.
async fn read(query: Option<String>, request: Request) -> Result<Params> {
    let mut params = Params::default();
    params.add(query.unwrap_or_default().as_bytes());
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::POST => {
            let body = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), MOST_FORM)).await;
            let late = || Failed::told(format!("Error! The form took longer than {PATIENCE:?}"));
            let body = body.map_err(|_| late())?;
            params.add(&body.map_err(|_| Failed::told(format!("Error! The form is larger than {MOST_FORM} bytes")))?);
        }
        _ => return Err(Failed::told("Error! Use GET or POST")),
    }
    Ok(params)
}

fn dispatch(view: &View, params: &Params) -> Result<Value> {
    if let Some(chain) = params.get("chainid") {
        let own = view.node().chain_id();
        if chain.parse() != Ok(own) {
            return Err(Failed::told(format!("Error! This is chain {own}: leave chainid out, or give that")));
        }
    }
    match (params.get("module").unwrap_or_default(), params.get("action").unwrap_or_default()) {
        ("account", "balance") => account::balance(view, params),
        ("account", "balancemulti") => account::balances(view, params),
        ("account", "tokenbalance") => account::token_balance(view, params),
        ("account", "txlist") => account::transactions(view, params),
        ("account", "txlistinternal") => account::internal(view, params),
        ("account", "tokentx") => account::tokens(view, params),
        ("logs", "getLogs") => logs::logs(view, params),
        ("contract", "getabi") => contract::abi(view, params),
        ("contract", "getsourcecode") => contract::source(view, params),
        ("contract", "getcontractcreation") => contract::creation(view, params),
        ("transaction", "getstatus") => stats::status(view, params),
        ("transaction", "gettxreceiptstatus") => stats::receipt_status(view, params),
        ("block", "getblocknobytime") => stats::block_by_time(view, params),
        ("stats", "tokensupply") => stats::token_supply(view, params),
        ("stats", "ethsupply") => stats::coin_supply(view),
        ("gastracker", "gasoracle") => stats::gas(view),
        ("account" | "logs" | "contract" | "transaction" | "block" | "stats" | "gastracker", _) => {
            Err(Failed::told("Error! Missing Or invalid Action name"))
        }
        _ => Err(Failed::told("Error! Missing Or invalid Module name")),
    }
}

/// The wire form of an answer.
fn shown(answer: Result<Value>) -> Response {
    let body = match answer {
        Ok(result) => json!({ "status": "1", "message": "OK", "result": result }),
        Err(Failed { message, result }) => json!({ "status": "0", "message": message, "result": result }),
    };
    wire(&body)
}

fn wire(body: &Value) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (head, body.to_string()).into_response()
}

/// `proxy`: methods of JSON-RPC with their parameters by name, answered as JSON-RPC answers.
async fn proxy(rpc: Rpc, params: &Params) -> Response {
    let call = match forwarded(params) {
        Ok((method, arguments)) => json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": arguments }),
        Err(error) => return shown(Err(error)),
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri("/")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(call.to_string()));
    match request {
        Ok(request) => {
            let answer = rpc(request).await;
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default();
            wire(&serde_json::from_slice(&body).unwrap_or_default())
        }
        Err(error) => shown(Err(ApiError::internal(&error).into())),
    }
}

/// The method and its arguments in order.
fn forwarded(params: &Params) -> Result<(&str, Value)> {
    let action = params.get("action").unwrap_or_default();
    let must = |name: &str| params.must(name).map(|value| json!(value));
    let tag = || json!(params.get("tag").unwrap_or("latest"));
    let arguments = match action {
        "eth_blockNumber" | "eth_gasPrice" => json!([]),
        "eth_getBlockByNumber" => json!([tag(), params.get("boolean") == Some("true")]),
        "eth_getUncleByBlockNumberAndIndex" | "eth_getTransactionByBlockNumberAndIndex" => {
            json!([tag(), must("index")?])
        }
        "eth_getBlockTransactionCountByNumber" => json!([tag()]),
        "eth_getTransactionByHash" | "eth_getTransactionReceipt" => json!([must("txhash")?]),
        "eth_getTransactionCount" | "eth_getCode" => json!([must("address")?, tag()]),
        "eth_getStorageAt" => json!([must("address")?, must("position")?, tag()]),
        "eth_sendRawTransaction" => json!([must("hex")?]),
        "eth_call" => json!([{ "to": must("to")?, "data": must("data")? }, tag()]),
        "eth_estimateGas" => {
            let mut call = json!({ "to": must("to")? });
            for name in ["from", "data", "value", "gas", "gasPrice"] {
                if let Some(value) = params.get(name) {
                    call[name] = json!(value);
                }
            }
            json!([call])
        }
        _ => return Err(Failed::told("Error! Missing Or invalid Action name")),
    };
    Ok((action, arguments))
}
