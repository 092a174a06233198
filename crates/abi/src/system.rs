//! The framework's own interface: its refusals, and the work queue of the hooks.

use alloy_sol_types::sol;

sol! {
    /// Refusals that any native contract can answer with.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface INative {
        /// Pools, markets and vaults hold native tokens only: wrap this one in the gateway first.
        error WrapFirst(address token);
        /// A write was tried under STATICCALL, or by a method that only reads.
        error StaticCallNotAllowed();
        /// Native code runs by CALL and STATICCALL only.
        error DelegateCallNotAllowed();
        /// The method takes no coin.
        error NonPayable();
        /// Native state is locked while a payout or the gateway's foreign call runs.
        error Locked();
        /// Only the gateway deals with foreign code, and only when nothing else of its call is open.
        error ForeignCodeNotAllowed();
        /// The contract has no such method.
        error UnknownSelector(bytes4 selector);
        /// The arguments are not the canonical encoding of what the method takes.
        error BadCalldata();
        /// Native calls nest at most 8 deep.
        error CallDepth();
        /// Only the block's own hooks may call this.
        error OnlySystem();
        /// No contract of this kind is registered.
        error UnknownKind(uint8 kind);
        /// Something stands at this address already.
        error AlreadyExists(address account);
    }

    /// Work that must happen at a time, whoever is watching.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IQueue {
        event Scheduled(address indexed target, uint64 id, uint64 due);
        event Ran(address indexed target, uint64 id);
        event Parked(address indexed target, uint64 id, uint64 index, bytes reason);

        /// The contract runs no queued work.
        error NothingToRun(address target);
        error NoSuchItem(uint256 index);

        /// How many items wait.
        function length() external view returns (uint64);
        /// When the next item is due, in seconds since 1970; the largest number when none waits.
        function nextDue() external view returns (uint64);
        /// How many items failed and wait for a retry.
        function parkedCount() external view returns (uint64);
        function parkedItem(uint64 index) external view returns (address target, uint64 id, uint64 due);
        /// Runs at most `most` due items now, as the block's hooks would.
        function poke(uint64 most) external returns (uint64 taken);
        /// Runs a parked item again.
        function retry(uint64 index) external;
        /// How the queue calls the contract that scheduled an item.
        function runDue(uint64 id) external;
    }
}
