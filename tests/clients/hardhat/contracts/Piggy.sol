// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

/// A box for coin that opens at its goal.
contract Piggy {
    uint256 public immutable goal;
    mapping(address => uint256) public saved;

    event Saved(address indexed by, uint256 amount);

    error NotYet(uint256 held, uint256 goal);

    constructor(uint256 goal_) {
        goal = goal_;
    }

    function save() external payable {
        require(msg.value != 0, "Piggy: nothing to save");
        saved[msg.sender] += msg.value;
        emit Saved(msg.sender, msg.value);
    }

    function smash() external {
        if (address(this).balance < goal) revert NotYet(address(this).balance, goal);
        uint256 amount = saved[msg.sender];
        delete saved[msg.sender];
        (bool paid,) = msg.sender.call{value: amount}("");
        require(paid, "Piggy: not paid");
    }
}
