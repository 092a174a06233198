//! The explorer's own REST, as `openapi.json` describes it.

mod addresses;
mod allowances;
mod blocks;
pub(crate) mod contracts;
mod csv;
mod pools;
mod search;
mod status;
mod tokens;
mod transactions;
pub(crate) mod types;

use crate::api::{App, endpoint, error::ApiError};
use axum::{Router, http::header, response::IntoResponse, routing::get};

/// The description of everything here.
pub const OPENAPI: &str = include_str!("../../openapi.json");

/// Every path below `/v1`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/status", endpoint(status::status))
        .route("/blocks", endpoint(blocks::list))
        .route("/blocks/{id}", endpoint(blocks::one))
        .route("/blocks/{id}/transactions", endpoint(blocks::transactions))
        .route("/transactions", endpoint(transactions::list))
        .route("/transactions/{hash}", endpoint(transactions::one))
        .route("/addresses/{address}", endpoint(addresses::one))
        .route("/addresses/{address}/history", endpoint(addresses::history))
        .route("/addresses/{address}/history.csv", get(csv::history))
        .route("/addresses/{address}/tokens", endpoint(tokens::held))
        .route("/addresses/{address}/positions", endpoint(pools::positions))
        .route("/addresses/{address}/allowances", endpoint(allowances::list))
        .route("/tokens", endpoint(tokens::list))
        .route("/tokens/{address}", endpoint(tokens::one))
        .route("/tokens/{address}/holders", endpoint(tokens::holders))
        .route("/tokens/{address}/transfers", endpoint(tokens::transfers))
        .route("/pools", endpoint(pools::list))
        .route("/pools/{address}", endpoint(pools::one))
        .route("/pools/{address}/swaps", endpoint(pools::swaps))
        .route("/contracts", endpoint(contracts::list))
        .route("/contracts/{address}", endpoint(contracts::one))
        .route("/search", endpoint(search::search))
        .fallback(nothing)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], OPENAPI)
}

async fn nothing() -> ApiError {
    ApiError::not_found("there is nothing at this path; /v1/openapi.json lists what there is")
}
