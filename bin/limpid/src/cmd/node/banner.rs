//! What a starting node says of itself.
use super::NodeArgs;
use limpid_chain::{Node, genesis::DEV_ACCOUNTS};
use limpid_rpc::CLIENT_VERSION;
use limpid_wallet::DEV_MNEMONIC;
use std::net::SocketAddr;

/// Where a client on this machine reaches the node.
fn url(address: SocketAddr, scheme: &str) -> String {
    let port = address.port();
    match address.ip() {
        ip if ip.is_unspecified() => format!("{scheme}://127.0.0.1:{port}"),
        _ => format!("{scheme}://{address}"),
    }
}

/// Where a browser on this machine opens the app: by name, because passkeys are bound to names.
fn page(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("http://localhost:{}", address.port()),
        _ => url(address, "http"),
    }
}

fn contracts(node: &Node) -> Vec<(&'static str, String)> {
    node.rules().registry.fixed().map(|(address, entry)| (entry.name, address.to_string())).collect()
}

/// The keys of [`DEV_ACCOUNTS`]. Everybody has them: they follow from a mnemonic that every development tool prints.
const DEV_KEYS: [&str; 10] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// For programs.
pub fn json(args: &NodeArgs, node: &Node, (address, app): (SocketAddr, SocketAddr)) -> String {
    let accounts = if node.is_dev() { DEV_ACCOUNTS.as_slice() } else { &[] };
    let contracts: serde_json::Map<_, _> =
        contracts(node).into_iter().map(|(name, address)| (name.to_owned(), address.into())).collect();
    let head = node.head();
    serde_json::json!({
        "clientVersion": CLIENT_VERSION, "chainId": node.chain_id(), "dev": node.is_dev(),
        "rpc": url(address, "http"), "ws": url(address, "ws"), "app": page(app), "datadir": args.datadir,
        "head": { "number": head.block.number(), "hash": head.block.hash },
        "accounts": accounts, "contracts": contracts,
    })
    .to_string()
}

/// For people.
pub fn text(args: &NodeArgs, node: &Node, (address, app): (SocketAddr, SocketAddr)) -> String {
    let (rpc, head) = (url(address, "http"), node.head());
    let kind = if node.is_dev() { "development chain" } else { "chain" };
    let mut lines = vec![
        String::new(),
        format!("  Limpid {} · {kind} {}", CLIENT_VERSION.trim_start_matches("limpid/"), node.chain_id()),
        String::new(),
        format!("  JSON-RPC   {rpc}   (WebSocket: {})", url(address, "ws")),
        format!("  App        {}", page(app)),
        format!("  Chain id   {}", node.chain_id()),
        "  Coin       LIM, 18 decimals".to_owned(),
        format!("  Data       {} (block {})", args.datadir.display(), head.block.number()),
    ];
    if let Some(url) = &args.follow {
        lines.push(format!("  Follows    {url}: every block is executed here again"));
    } else if let Some(operator) = node.ledger().operator().filter(|_| !node.is_dev()) {
        lines.push(format!("  Operator   {operator} signs every block"));
    }
    if !address.ip().is_loopback() {
        let what = if node.is_dev() { " and write any balance on it" } else { "" };
        lines.push(format!("  Open       others can reach this node{what}: it listens on more than this machine"));
    }
    if node.is_dev() {
        lines.extend(
            ["", "  Accounts of 10,000 LIM each. Everybody has these keys: never use them anywhere else.", ""]
                .map(str::to_owned),
        );
        for (index, (address, key)) in DEV_ACCOUNTS.iter().zip(DEV_KEYS).enumerate() {
            lines.push(format!("   {index}  {address}  {key}"));
        }
        lines.extend([String::new(), format!("  Their mnemonic: {DEV_MNEMONIC}")]);
    }
    lines.extend([String::new(), "  Contracts".to_owned(), String::new()]);
    for (name, address) in contracts(node) {
        lines.push(format!("   {name:<14} {address}"));
    }
    lines.extend([String::new(), "  Try next".to_owned(), String::new()]);
    let steps = next_steps(args, node.is_dev(), &rpc);
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    lines.extend(steps.iter().map(|(command, what)| format!("   {command:<width$}   {what}")));
    lines.extend([String::new(), "  Ctrl-C stops the node; its chain stays in the data folder.".to_owned()]);
    lines.join("\n")
}

fn next_steps(args: &NodeArgs, dev: bool, rpc: &str) -> Vec<(String, &'static str)> {
    // The command line's own default needs no flag.
    let usual = args.http_port == 8545 && args.host.is_loopback();
    let flag = if usual { String::new() } else { format!(" --rpc {rpc}") };
    let mut steps = vec![(format!("limpid status{flag}"), "where the chain stands")];
    if dev {
        steps.push((format!("limpid balance dev:0{flag}"), "what the first account holds"));
        steps.push((format!("limpid market{flag}"), "real prices, traders and makers"));
    }
    steps.push((format!("cast block-number --rpc-url {rpc}"), "any Ethereum tool works"));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid_wallet::{Key, Secret, Signer};

    #[test]
    fn the_keys_shown_are_those_of_the_funded_accounts() {
        for (account, key) in DEV_ACCOUNTS.into_iter().zip(DEV_KEYS) {
            let key = Key::from_hex(&Secret::new(key.to_owned())).unwrap();
            assert_eq!(Signer::new(&key).unwrap().address(), account);
        }
    }

    #[test]
    fn urls_are_what_clients_take() {
        let url = |address: &str| url(address.parse().unwrap(), "http");
        assert_eq!(url("127.0.0.1:8545"), "http://127.0.0.1:8545");
        assert_eq!(url("0.0.0.0:1"), "http://127.0.0.1:1");
        assert_eq!(url("[::1]:2"), "http://[::1]:2");
        assert_eq!(url("[::]:2"), "http://127.0.0.1:2");
    }
}
