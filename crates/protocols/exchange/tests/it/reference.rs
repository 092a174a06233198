//! Uniswap V2 as published: its bytecode from npm, deployed in our own EVM beside the native exchange.

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolValue, sol};
use limpid_evm::{Outcome, testkit::TestChain};
use std::path::PathBuf;

sol! {
    interface IRef {
        function createPair(address a, address b) external returns (address pair);
        function getPair(address a, address b) external view returns (address pair);
        function setFeeTo(address to) external;
        function balanceOf(address owner) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        function getReserves() external view returns (uint112 r0, uint112 r1, uint32 last);
        function kLast() external view returns (uint256);
        function price0CumulativeLast() external view returns (uint256);
        function price1CumulativeLast() external view returns (uint256);
        function mint(address to) external returns (uint256 liquidity);
        function burn(address to) external returns (uint256 a0, uint256 a1);
        function swap(uint256 out0, uint256 out1, address to, bytes data) external;
        function skim(address to) external;
        function sync() external;
        function addLiquidity(address a, address b, uint256 wantA, uint256 wantB, uint256 minA, uint256 minB, address to, uint256 deadline) external returns (uint256 usedA, uint256 usedB, uint256 liquidity);
        function addLiquidityETH(address token, uint256 want, uint256 minToken, uint256 minETH, address to, uint256 deadline) external payable returns (uint256 usedToken, uint256 usedETH, uint256 liquidity);
        function removeLiquidity(address a, address b, uint256 liquidity, uint256 minA, uint256 minB, address to, uint256 deadline) external returns (uint256 gotA, uint256 gotB);
        function removeLiquidityETH(address token, uint256 liquidity, uint256 minToken, uint256 minETH, address to, uint256 deadline) external returns (uint256 gotToken, uint256 gotETH);
        function getAmountsOut(uint256 amountIn, address[] path) external view returns (uint256[] amounts);
        function swapExactTokensForTokens(uint256 amountIn, uint256 least, address[] path, address to, uint256 deadline) external returns (uint256[] amounts);
        function swapTokensForExactTokens(uint256 amountOut, uint256 most, address[] path, address to, uint256 deadline) external returns (uint256[] amounts);
        function swapExactETHForTokens(uint256 least, address[] path, address to, uint256 deadline) external payable returns (uint256[] amounts);
        function swapTokensForExactETH(uint256 amountOut, uint256 most, address[] path, address to, uint256 deadline) external returns (uint256[] amounts);
        function swapExactTokensForETH(uint256 amountIn, uint256 least, address[] path, address to, uint256 deadline) external returns (uint256[] amounts);
        function swapETHForExactTokens(uint256 amountOut, address[] path, address to, uint256 deadline) external payable returns (uint256[] amounts);
        function deposit() external payable;
        function withdraw(uint256 amount) external;
    }
}

/// Where the npm packages are: `LIMPID_REFERENCE`, or `tests/reference/node_modules` of the project.
pub(crate) fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("LIMPID_REFERENCE") {
        return PathBuf::from(folder);
    }
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let project = manifest.ancestors().find(|folder| folder.join("tests/reference").is_dir()).unwrap_or(&manifest);
    project.join("tests/reference/node_modules")
}

/// Creation bytecode of a published contract, or `None` when the packages are not installed.
///
/// # Panics
/// When they are missing although `LIMPID_REQUIRE_REFERENCE=1`, or a file is not what npm ships.
pub(crate) fn bytecode(package: &str, contract: &str) -> Option<Bytes> {
    let path = folder().join("@uniswap").join(package).join("build").join(format!("{contract}.json"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        let required = std::env::var("LIMPID_REQUIRE_REFERENCE").is_ok_and(|value| value == "1");
        assert!(!required, "{} is missing: run `npm ci` in tests/reference", path.display());
        eprintln!("SKIPPED: {} is missing; run `npm ci` in tests/reference", path.display());
        return None;
    };
    let json: serde_json::Value = serde_json::from_str(&text).expect("npm ships JSON");
    let code = json["bytecode"].as_str().or_else(|| json["evm"]["bytecode"]["object"].as_str()).expect("bytecode");
    Some(hex::decode(code).expect("hex").into())
}

/// A deployed Uniswap V2.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) factory: Address,
    pub(crate) router: Address,
    pub(crate) weth: Address,
}

impl Reference {
    /// Deploys factory, WETH9 and Router02; `setter` may switch the protocol fee.
    pub(crate) fn deploy(chain: &mut TestChain, setter: Address) -> Option<Self> {
        let factory = create(chain, setter, bytecode("v2-core", "UniswapV2Factory")?, setter.abi_encode());
        let weth = create(chain, setter, bytecode("v2-periphery", "WETH9")?, Vec::new());
        let arguments = (factory, weth).abi_encode();
        let router = create(chain, setter, bytecode("v2-periphery", "UniswapV2Router02")?, arguments);
        Some(Self { factory, router, weth })
    }

    /// An ERC-20 of v2-core with its whole supply held by `owner`.
    pub(crate) fn token(chain: &mut TestChain, owner: Address, supply: U256) -> Option<Address> {
        Some(create(chain, owner, bytecode("v2-core", "ERC20")?, supply.abi_encode()))
    }
}

fn create(chain: &mut TestChain, from: Address, code: Bytes, arguments: Vec<u8>) -> Address {
    let outcome = chain.deploy(from, [code.to_vec(), arguments].concat());
    outcome.created.unwrap_or_else(|| panic!("published bytecode deploys: {outcome:?}"))
}

/// Calls and decodes, for state that must be there.
pub(crate) fn read<C: SolCall>(chain: &TestChain, at: Address, call: C) -> C::Return {
    let outcome = chain.view(Address::ZERO, at, call.abi_encode());
    assert!(outcome.success, "{} at {at}: {outcome:?}", C::SIGNATURE);
    C::abi_decode_returns(&outcome.output).expect("decodes")
}

/// Why a call failed, as the reference texts put it; `None` for success. Where the published code asserts
/// or divides by zero it halts without a word; we answer `Panic(uint256)`, which counts as the same.
pub(crate) fn reason(outcome: &Outcome) -> Option<String> {
    use alloy_sol_types::{Panic, Revert, SolError};
    if outcome.success {
        return None;
    }
    if Panic::abi_decode(&outcome.output).is_ok() {
        return Some(String::new());
    }
    Some(Revert::abi_decode(&outcome.output).map_or_else(
        |_| if outcome.output.is_empty() { String::new() } else { outcome.output.to_string() },
        |revert| revert.reason,
    ))
}
