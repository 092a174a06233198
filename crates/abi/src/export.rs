//! The table of native contracts, and what is written from it.

use crate::{
    addresses::Addresses,
    exchange, system,
    token::{IERC20, IERC2612, IToken, ITokenFactory, IWETH9},
    uniswap,
};
use alloy_json_abi::{JsonAbi, ToSolConfig};
use alloy_primitives::Address;
use std::{collections::BTreeSet, fs, io, path::Path};

/// One `sol!` interface.
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    /// Its name in Solidity.
    pub name: &'static str,
    /// Its ABI.
    pub abi: fn() -> JsonAbi,
}

/// One kind of native contract.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// Its name.
    pub name: &'static str,
    /// Where it stands; `None` for contracts that a factory creates.
    pub address: Option<fn(&Addresses) -> Address>,
    /// What it answers.
    pub interfaces: &'static [Interface],
}

macro_rules! interface {
    ($($path:ident)::+) => {
        Interface { name: interface!(@last $($path)::+), abi: $($path)::+::abi::contract }
    };
    (@last $name:ident) => { stringify!($name) };
    (@last $head:ident :: $($tail:ident)::+) => { interface!(@last $($tail)::+) };
}

/// Refusals that every contract can answer with.
const NATIVE: Interface = interface!(system::INative);

const CONTRACTS: &[Contract] = &[
    Contract {
        name: "Token",
        address: None,
        interfaces: &[interface!(IToken), interface!(IERC20), interface!(IERC2612)],
    },
    Contract { name: "TokenFactory", address: Some(|at| at.token_factory), interfaces: &[interface!(ITokenFactory)] },
    Contract { name: "WETH9", address: Some(|at| at.weth), interfaces: &[interface!(IWETH9)] },
    Contract {
        name: "UniswapV2Factory",
        address: Some(|at| at.v2_factory),
        interfaces: &[interface!(uniswap::IUniswapV2Factory)],
    },
    Contract {
        name: "UniswapV2Pair",
        address: None,
        interfaces: &[interface!(uniswap::IUniswapV2Pair), interface!(exchange::IExchangePair)],
    },
    Contract {
        name: "UniswapV2Router02",
        address: Some(|at| at.router),
        interfaces: &[interface!(uniswap::IUniswapV2Router02)],
    },
    Contract { name: "Exchange", address: Some(|at| at.exchange), interfaces: &[interface!(exchange::IExchange)] },
    Contract { name: "FeeLedger", address: Some(|at| at.fees), interfaces: &[interface!(exchange::IFeeLedger)] },
    Contract { name: "Queue", address: Some(|at| at.queue), interfaces: &[interface!(system::IQueue)] },
];

/// Every kind of native contract.
pub const fn contracts() -> &'static [Contract] {
    CONTRACTS
}

/// Every interface, the framework's first.
pub(crate) fn interfaces() -> impl Iterator<Item = Interface> {
    std::iter::once(NATIVE).chain(CONTRACTS.iter().flat_map(|contract| contract.interfaces.iter().copied()))
}

impl Interface {
    /// The Solidity source of the interface, complete and compilable alone.
    pub fn solidity(&self) -> String {
        let body = (self.abi)().to_sol(self.name, Some(ToSolConfig::new().one_contract(true)));
        format!("// SPDX-License-Identifier: MIT OR Apache-2.0\npragma solidity >=0.8.4;\n\n{}\n", body.trim())
    }

    /// The JSON ABI, with the framework's errors, so that clients can name every refusal.
    pub fn json(&self) -> JsonAbi {
        let mut abi = (self.abi)();
        for (name, errors) in (NATIVE.abi)().errors {
            abi.errors.entry(name).or_insert(errors);
        }
        abi
    }
}

/// Writes `Name.json` and `Name.sol` for every interface, and `contracts.json`, the list of contracts
/// with their addresses and interfaces. Answers the files written, in order.
///
/// # Errors
/// What the file system answers.
pub fn export(dir: &Path, addresses: &Addresses) -> io::Result<Vec<String>> {
    fs::create_dir_all(dir)?;
    let mut written = Vec::new();
    let mut write = |name: String, content: String| {
        fs::write(dir.join(&name), content)?;
        written.push(name);
        io::Result::Ok(())
    };
    let mut seen = BTreeSet::new();
    for interface in interfaces().filter(|interface| seen.insert(interface.name)) {
        write(format!("{}.json", interface.name), pretty(&interface.json())?)?;
        write(format!("{}.sol", interface.name), interface.solidity())?;
    }
    let index: Vec<_> = CONTRACTS
        .iter()
        .map(|contract| {
            serde_json::json!({
                "name": contract.name,
                "address": contract.address.map(|at| at(addresses)),
                "interfaces": contract.interfaces.iter().map(|interface| interface.name).collect::<Vec<_>>(),
            })
        })
        .collect();
    write("contracts.json".into(), pretty(&index)?)?;
    Ok(written)
}

fn pretty(value: &impl serde::Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
