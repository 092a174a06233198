//! Where tokens of user contracts become native ones.

use alloy_sol_types::sol;

sol! {
    /// Wraps ERC-20s that user contracts keep ("foreign" tokens) one to one into native tokens, and back.
    /// Approve the gateway at the foreign token first: that token knows nothing of this chain's rules.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IGateway {
        /// A wrapped token as lists show it; amounts in the token's smallest units.
        struct WrappedToken {
            address token;
            address wrapped;
            /// Wrapped units in existence.
            uint256 supply;
            /// What the gateway held of the token when it last looked.
            uint256 measured;
            /// Whether it then held less than the supply: nothing is minted until it holds enough again.
            bool frozen;
        }

        event TokenRegistered(address indexed token, address indexed wrapped);
        event Wrapped(address indexed token, address indexed by, address indexed to, uint256 amount);
        event Unwrapped(address indexed token, address indexed by, address indexed to, uint256 amount, uint256 received);
        /// The gateway was found to hold less than it owes: minting is frozen.
        event Shortfall(address indexed token, uint256 balance, uint256 supply);
        /// It was found to hold enough again.
        event Covered(address indexed token, uint256 balance, uint256 supply);

        /// Only foreign tokens are wrapped.
        error AlreadyNative(address token);
        /// No contract stands there.
        error NotAToken(address account);
        /// Nobody has wrapped this token yet.
        error NotWrapped(address token);
        /// The token does not answer this method as an ERC-20 does, or has more than 36 decimals.
        error Unreadable(address token, bytes4 method);
        /// The token refused the transfer; its reason is cut at 132 bytes.
        error TransferRefused(address token, bytes reason);
        /// The token said yes and moved nothing.
        error NothingMoved(address token);
        /// Less than the caller's minimum.
        error TooLittle(uint256 amount, uint256 least);
        /// The gateway holds less than it owes: nothing is minted.
        error Frozen(address token, uint256 balance, uint256 supply);
        /// The gateway holds less than was asked for.
        error Short(address token, uint256 balance, uint256 needed);
        /// The token took more from the gateway than was asked for.
        error TookTooMuch(address token, uint256 taken, uint256 asked);
        /// Nobody could use the token there.
        error BadReceiver(address receiver);

        /// Pulls `amount` of a foreign token from the caller and mints to `to` what arrived, at most `amount`
        /// and at least `least`.
        function wrap(address token, uint256 amount, address to, uint256 least) external returns (uint256 minted);
        /// Burns `amount` of the caller's wrapped token and pays it out to `to`, who must receive at least `least`.
        function unwrap(address token, uint256 amount, address to, uint256 least) external returns (uint256 received);
        /// Looks at what the gateway holds and records it. Anybody may.
        function measure(address token) external returns (uint256 balance, uint256 supply);

        /// Where the wrapped token of `token` stands, or will.
        function wrappedOf(address token) external view returns (address wrapped);
        /// The foreign token behind a wrapped one; zero when there is none.
        function foreignOf(address wrapped) external view returns (address token);
        /// What the gateway holds now, asked from the token itself, and what it owes.
        function backing(address token) external view returns (uint256 balance, uint256 supply);
        function wrappedCount() external view returns (uint256);
        /// Up to 50 wrapped tokens from number `offset` on, in order of registration.
        function wrappedTokens(uint256 offset, uint256 limit) external view returns (WrappedToken[] memory);
    }
}
