// SPDX-License-Identifier: MIT OR Apache-2.0
// Tokens as the gateway may meet them. `Honest` is an ERC-20 as it should be; each other one changes one thing.
pragma solidity ^0.8.20;

contract Honest {
    string internal called = "Honest Token";
    string internal short = "HON";
    uint8 internal digits = 18;
    uint256 public totalSupply;
    mapping(address => uint256) internal held;
    mapping(address => mapping(address => uint256)) public allowance;

    function name() external view virtual returns (string memory) { return called; }
    function symbol() external view virtual returns (string memory) { return short; }
    function decimals() external view virtual returns (uint8) { return digits; }
    function balanceOf(address who) public view virtual returns (uint256) { return held[who]; }

    function give(address to, uint256 amount) external virtual { totalSupply += amount; held[to] += amount; }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        spend(from, amount);
        move(from, to, amount);
        return true;
    }

    function spend(address from, uint256 amount) internal {
        uint256 left = allowance[from][msg.sender];
        require(left >= amount, "Honest: allowance");
        if (left != type(uint256).max) allowance[from][msg.sender] = left - amount;
    }

    function move(address from, address to, uint256 amount) internal virtual {
        require(held[from] >= amount, "Honest: balance");
        held[from] -= amount;
        held[to] += amount;
    }
}

contract Decimals is Honest { constructor(uint8 d) { digits = d; } }

contract NoDecimals is Honest { function decimals() external pure override returns (uint8) { revert("none"); } }

contract WideDecimals is Honest {
    function decimals() external pure override returns (uint8) {
        assembly { mstore(0, 274) return(0, 32) }
    }
}

contract Nameless is Honest {
    function name() external pure override returns (string memory) { revert(); }
    function symbol() external pure override returns (string memory) { assembly { return(0, 0) } }
}

contract Bytes32Named is Honest {
    function name() external pure override returns (string memory) {
        assembly { mstore(0, "Maker") return(0, 32) }
    }
    function symbol() external pure override returns (string memory) {
        assembly { mstore(0, "MKR") return(0, 32) }
    }
}

contract LongNamed is Honest {
    constructor() {
        called = "A name that goes on and on, far beyond what any list could show, and then some more of it";
        short = "ASYMBOLTHATISLONGERTHANTHIRTYTWOBYTES";
    }
}

/// Takes one in a hundred from the receiver.
contract FeeOnTransfer is Honest {
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount);
        held[to] -= amount / 100;
        totalSupply -= amount / 100;
    }
}

/// Takes one in a hundred from the sender, on top.
contract FeeOnTop is Honest {
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount);
        held[from] -= amount / 100;
        totalSupply -= amount / 100;
    }
}

/// Balances are shares times an index that anybody may set.
contract Rebasing is Honest {
    uint256 public index = 1e18;

    function rebase(uint256 to) external { index = to; }
    function balanceOf(address who) public view override returns (uint256) { return held[who] * index / 1e18; }
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount * 1e18 / index);
    }
}

/// Adds one in ten to what the receiver gets, as a token may whose balances grow when they are touched.
contract Generous is Honest {
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount);
        held[to] += amount / 10;
        totalSupply += amount / 10;
    }
}

contract NoReturn is Honest {
    function transfer(address to, uint256 amount) external override returns (bool) {
        move(msg.sender, to, amount);
        assembly { return(0, 0) }
    }
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        spend(from, amount);
        move(from, to, amount);
        assembly { return(0, 0) }
    }
}

/// Answers false, whether it moves or not.
contract FalseReturning is Honest {
    bool public moves;
    bool public lies;
    function set(bool moves_, bool lies_) external { (moves, lies) = (moves_, lies_); }
    function transfer(address to, uint256 amount) external override returns (bool) {
        if (moves) move(msg.sender, to, amount);
        return !lies;
    }
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        if (moves) move(from, to, amount);
        return !lies;
    }
}

/// Behaves until told not to. What it then does is `mood`, and `target` says when.
contract Moody is Honest {
    uint256 public mood;
    bytes4 public target;
    function set(uint256 mood_, bytes4 target_) external { (mood, target) = (mood_, target_); }

    modifier moody() {
        if (msg.sig == target) act();
        _;
    }
    function act() private view {
        if (mood == 1) assembly { return(0, 100000) } // a bomb of return data
        if (mood == 2) assembly { revert(0, 100000) }
        if (mood == 3) while (true) {} // burns what it gets
        if (mood == 4) assembly { mstore(0, 2) return(0, 32) } // neither true nor false
        if (mood == 5) assembly { mstore(0, 1) return(0, 31) } // less than a word
        if (mood == 6) assembly { mstore(0, not(0)) return(0, 32) }
        if (mood == 7) assembly { mstore(0, 0) return(0, 32) }
        if (mood == 8) assembly { invalid() }
        if (mood == 9) revert("moody");
    }
    function balanceOf(address who) public view override moody returns (uint256) { return held[who]; }
    function transfer(address to, uint256 amount) external override moody returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }
    function transferFrom(address from, address to, uint256 amount) external override moody returns (bool) {
        spend(from, amount);
        move(from, to, amount);
        return true;
    }
}

/// Says it holds more for one account than it does.
contract Liar is Honest {
    address public about;
    uint256 public more;
    uint256 public less;
    function lie(address about_, uint256 more_, uint256 less_) external { (about, more, less) = (about_, more_, less_); }
    function balanceOf(address who) public view override returns (uint256) {
        if (who != about) return held[who];
        return held[who] + more - (less > held[who] + more ? held[who] + more : less);
    }
}

interface IHooks {
    function beforeSend(address from, address to, uint256 amount) external;
    function afterReceive(address from, address to, uint256 amount) external;
    function whenAsked(address about) external view;
}

/// ERC-777's hooks, for any account, and one more when a balance is asked for.
contract Hooked is Honest {
    mapping(address => address) public hooks;
    bool public asks;

    function hook(address account, address by) external { hooks[account] = by; }
    function setAsks(bool on) external { asks = on; }

    function move(address from, address to, uint256 amount) internal override {
        if (hooks[from] != address(0)) IHooks(hooks[from]).beforeSend(from, to, amount);
        super.move(from, to, amount);
        if (hooks[to] != address(0)) IHooks(hooks[to]).afterReceive(from, to, amount);
    }
    function balanceOf(address who) public view override returns (uint256) {
        if (asks && hooks[who] != address(0)) IHooks(hooks[who]).whenAsked(who);
        return held[who];
    }
}

/// Makes the calls it was given when it is called back, and keeps what became of them.
contract Intruder is IHooks {
    struct Try { address target; uint256 value; bytes data; }

    Try[] private tries;
    bool public onSend;
    bool public onReceive;
    uint256 public succeeded;
    uint256 public failed;
    bytes32 public lastRefusal;
    bytes[] public seen;
    bool public keeps;

    receive() external payable {}

    function plan(Try[] calldata list, bool onSend_, bool onReceive_) external {
        delete tries;
        for (uint256 i = 0; i < list.length; i++) tries.push(list[i]);
        (onSend, onReceive, succeeded, failed) = (onSend_, onReceive_, 0, 0);
        delete seen;
    }
    function setKeeps(bool on) external { keeps = on; }
    function act(address target, uint256 value, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        if (!ok) assembly { revert(add(answer, 32), mload(answer)) }
        return answer;
    }
    function beforeSend(address, address, uint256) external { if (onSend) intrude(); }
    function afterReceive(address, address, uint256) external { if (onReceive) intrude(); }
    function intrude() private {
        for (uint256 i = 0; i < tries.length; i++) {
            (bool ok, bytes memory answer) = tries[i].target.call{value: tries[i].value}(tries[i].data);
            if (ok) {
                succeeded++;
                if (keeps) seen.push(answer);
            }
            else { failed++; lastRefusal = bytes32(answer); }
        }
    }
    function seenCount() external view returns (uint256) { return seen.length; }
    function whenAsked(address) external view {
        for (uint256 i = 0; i < tries.length; i++) {
            (bool ok,) = tries[i].target.staticcall(tries[i].data);
            ok;
        }
    }
}
