// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

// The interfaces that `limpid abi export` wrote.
import "IUniswapV2Router02.sol";
import "IToken.sol";
import "IWETH9.sol";

/// A user's contract that lives with native contracts: it trades, wraps, creates, is paid, and tries to
/// call back while it is being paid.
contract Trader {
    IUniswapV2Router02 constant router = IUniswapV2Router02(0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D);
    IWETH9 constant weth = IWETH9(payable(0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2));

    /// What happened while being paid; one slot, since a payout carries 50,000 gas.
    struct Paid {
        uint128 amount;
        bool tried;
        bool refused;
        bool read;
    }

    Paid public paid;
    bytes public refusal;
    bool public callBack;

    receive() external payable {
        if (msg.sender != address(router) && msg.sender != address(weth)) return;
        Paid memory now_ = Paid(paid.amount + uint128(msg.value), callBack, false, false);
        if (callBack) {
            try weth.deposit{value: 1}() {} catch { now_.refused = true; }
            now_.read = weth.totalSupply() > 0;
        }
        paid = now_;
    }

    function setCallBack(bool on) external {
        callBack = on;
    }

    /// Buys `token` with the coin sent along; half of it goes to the caller.
    function buy(address token) external payable returns (uint256 bought) {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (address(weth), token);
        bought = router.swapExactETHForTokens{value: msg.value}(0, path, address(this), block.timestamp)[1];
        require(IToken(token).transfer(msg.sender, bought / 2), "Trader: transfer");
    }

    /// Sells `amount` of `token` for coin, which arrives in `receive`.
    function sell(address token, uint256 amount) external returns (uint256 got) {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (token, address(weth));
        uint256 before = address(this).balance;
        got = router.swapExactTokensForETH(amount, 0, path, address(this), block.timestamp)[1];
        require(address(this).balance == before + got, "Trader: the payout came before the call returned");
    }

    /// Wraps and unwraps in one transaction.
    function roundTrip() external payable {
        weth.deposit{value: msg.value}();
        require(weth.balanceOf(address(this)) == msg.value, "Trader: not wrapped");
        weth.withdraw(msg.value);
        require(address(this).balance >= msg.value, "Trader: not paid");
    }

    /// Tries native code in the wrong ways; answers what each was refused with.
    function misuse(address token) external returns (bytes memory byDelegate, bytes memory byStatic) {
        bytes memory approve = abi.encodeCall(IToken.approve, (msg.sender, 1));
        bool ok;
        (ok, byDelegate) = token.delegatecall(approve);
        require(!ok, "Trader: delegatecall ran native code");
        (ok, byStatic) = token.staticcall(approve);
        require(!ok, "Trader: a static call wrote");
    }

    /// What Solidity sees of an account.
    function looks(address account) external view returns (uint256 size, bytes32 hash) {
        return (account.code.length, account.codehash);
    }
}

/// Cannot be paid: it has no way to receive coin.
contract Unpayable {
    function unwrap(IWETH9 weth, uint256 amount) external {
        weth.withdraw(amount);
    }
}

/// An ordinary ERC-20 from outside the system.
contract ForeignToken {
    mapping(address => uint256) public balanceOf;
    uint256 public totalSupply = 1e24;
    uint8 public constant decimals = 18;

    constructor() {
        balanceOf[msg.sender] = totalSupply;
    }

    function allowance(address, address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}
