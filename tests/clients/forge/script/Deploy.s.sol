// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

import "../src/Counter.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a user's contract and uses it, in three transactions.
contract Deploy {
    // The address of Foundry's cheat codes, and the mark of a script.
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public IS_SCRIPT = true;

    function run() external returns (Counter counter) {
        vm.startBroadcast();
        counter = new Counter(7);
        counter.add(5, "from a script");
        (bool paid,) = address(counter).call{value: 3}("");
        vm.stopBroadcast();
        require(paid && counter.number() == 12, "Deploy: not as simulated");
    }
}
