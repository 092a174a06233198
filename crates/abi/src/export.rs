//! The table of native contracts, and what is written from it.

use crate::{
    actions::{IActions, IExchangeActions, IListActions},
    addresses::Addresses,
    exchange::{IExchange, IExchangePair, IFeeLedger},
    gateway::IGateway,
    system::{INative, IQueue},
    token::{IERC20, IERC2612, IToken, ITokenFactory, IWETH9},
    uniswap::{IUniswapV2Factory, IUniswapV2Pair, IUniswapV2Router02},
};
use alloy_json_abi::{InternalType, JsonAbi, ToSolConfig};
use alloy_primitives::Address;
use std::{collections::BTreeSet, fs, io, path::Path};

/// One `sol!` interface.
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    /// Its name in Solidity.
    pub name: &'static str,
    /// Its ABI as the compiler macro writes it: without the names of structs.
    abi: fn() -> JsonAbi,
    /// The struct that a function answers or takes, by the function's name.
    structs: &'static [(&'static str, &'static str)],
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
    ($interface:ident $(, $function:ident -> $answer:ident)*) => {
        Interface {
            name: stringify!($interface),
            abi: $interface::abi::contract,
            structs: &[$((stringify!($function), stringify!($answer))),*],
        }
    };
}

/// Refusals that every contract can answer with.
const NATIVE: Interface = interface!(INative);

const CONTRACTS: &[Contract] = &[
    Contract {
        name: "Token",
        address: None,
        interfaces: &[interface!(IToken, allowancesOf -> Allowance), interface!(IERC20), interface!(IERC2612)],
    },
    Contract {
        name: "TokenFactory",
        address: Some(|at| at.token_factory),
        interfaces: &[interface!(ITokenFactory, tokens -> TokenInfo)],
    },
    Contract { name: "WETH9", address: Some(|at| at.weth), interfaces: &[interface!(IWETH9)] },
    Contract {
        name: "UniswapV2Factory",
        address: Some(|at| at.v2_factory),
        interfaces: &[interface!(IUniswapV2Factory)],
    },
    Contract {
        name: "UniswapV2Pair",
        address: None,
        interfaces: &[interface!(IUniswapV2Pair), interface!(IExchangePair)],
    },
    Contract {
        name: "UniswapV2Router02",
        address: Some(|at| at.router),
        interfaces: &[interface!(IUniswapV2Router02)],
    },
    Contract {
        name: "Exchange",
        address: Some(|at| at.exchange),
        interfaces: &[interface!(IExchange, positionInfo -> Position, pools -> Pool)],
    },
    Contract { name: "FeeLedger", address: Some(|at| at.fees), interfaces: &[interface!(IFeeLedger)] },
    Contract { name: "Queue", address: Some(|at| at.queue), interfaces: &[interface!(IQueue)] },
    Contract {
        name: "Gateway",
        address: Some(|at| at.gateway),
        interfaces: &[interface!(IGateway, wrappedTokens -> WrappedToken)],
    },
    Contract {
        name: "Actions",
        address: Some(|at| at.actions),
        interfaces: &[interface!(IActions, execute -> Action)],
    },
];

/// What action lists are made of: functions that are not called but listed.
const ACTIONS: &[Interface] = &[interface!(IListActions), interface!(IExchangeActions)];

/// The interfaces whose functions are the kinds of actions.
pub const fn actions() -> &'static [Interface] {
    ACTIONS
}

/// Every kind of native contract.
pub const fn contracts() -> &'static [Contract] {
    CONTRACTS
}

/// Every interface, the framework's first.
pub(crate) fn interfaces() -> impl Iterator<Item = Interface> {
    std::iter::once(NATIVE)
        .chain(CONTRACTS.iter().flat_map(|contract| contract.interfaces.iter().copied()))
        .chain(ACTIONS.iter().copied())
}

impl Interface {
    /// The ABI.
    pub fn abi(&self) -> JsonAbi {
        let mut abi = (self.abi)();
        for (function, structure) in self.structs {
            for function in abi.functions.get_mut(*function).into_iter().flatten() {
                let params = function.inputs.iter_mut().chain(&mut function.outputs);
                for param in params.filter(|param| !param.components.is_empty()) {
                    let ty = param.ty.replace("tuple", structure);
                    param.internal_type = Some(InternalType::Struct { contract: Some(self.name.into()), ty });
                }
            }
        }
        abi
    }

    /// The Solidity source of the interface, complete and compilable alone.
    pub fn solidity(&self) -> String {
        let body = self.abi().to_sol(self.name, Some(ToSolConfig::new().one_contract(true)));
        format!("// SPDX-License-Identifier: MIT OR Apache-2.0\npragma solidity >=0.8.4;\n\n{}\n", body.trim())
    }

    /// The JSON ABI, with the framework's errors, so that clients can name every refusal.
    pub fn json(&self) -> JsonAbi {
        let mut abi = self.abi();
        for (name, errors) in NATIVE.abi().errors {
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
