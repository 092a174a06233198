//! The app's port: explorer and web app, with the node's JSON-RPC at `/rpc`, so that a page needs one origin alone.
use super::NodeArgs;
use crate::error::{CliError, Result};
use limpid_chain::Node;
use limpid_index::{Config, Rpc, Server};
use limpid_rpc::CLIENT_VERSION;
use std::sync::Arc;

/// Begins to serve it.
pub async fn serve(args: &NodeArgs, node: &Node, rpc: &limpid_rpc::Server) -> Result<Server> {
    let config = Config { host: args.host, port: args.app_port, client_version: CLIENT_VERSION, ..Config::default() };
    let handler = rpc.handler();
    let rpc: Rpc = Arc::new(move |request| {
        let answer = handler(request.map(limpid_rpc::HttpBody::new));
        Box::pin(async move { limpid_index::response(answer.await) })
    });
    let server = Server::start(node.clone(), &config, rpc).await;
    server.map_err(|error| CliError::Told(error.to_string()))
}
