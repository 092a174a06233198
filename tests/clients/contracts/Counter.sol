// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

/// What an ordinary user contract does: storage, events, reverts of every kind, and taking coin.
contract Counter {
    uint256 public number;
    mapping(address => uint256) public deposits;

    event Counted(address indexed by, uint256 indexed number, string note);

    error TooFar(uint256 asked, uint256 limit);

    constructor(uint256 start) {
        number = start;
    }

    receive() external payable {
        deposits[msg.sender] += msg.value;
    }

    function add(uint256 amount, string calldata note) external returns (uint256) {
        if (amount > 100) revert TooFar(amount, 100);
        require(amount != 0, "Counter: nothing to add");
        number += amount;
        emit Counted(msg.sender, number, note);
        return number;
    }

    function overflow() external view returns (uint256) {
        return type(uint256).max + number;
    }
}
