//! ERC-20 and what native tokens add to it.

use alloy_sol_types::sol;

sol! {
    /// ERC-20 with its metadata (EIP-20), as every token answers it.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IERC20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);

        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }

    /// Approval by signature (ERC-2612).
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IERC2612 {
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function nonces(address owner) external view returns (uint256);
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    }

    /// A native token, whole: ERC-20, ERC-2612 and our extensions.
    ///
    /// Allowances: system contracts need none (`allowance` answers the maximum for them and nothing is
    /// stored). What a person allows anybody else ends after 30 days, or sooner if said; what a contract
    /// allows never ends by itself.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IToken {
        /// One allowance of an owner. `expiresAt` in seconds since 1970; 0 means it does not expire.
        struct Allowance {
            address spender;
            uint256 value;
            uint64 expiresAt;
        }

        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);
        /// Follows an Approval that ends by itself.
        event AllowanceExpires(address indexed owner, address indexed spender, uint64 expiresAt);
        /// Follows a Transfer that carries a reference of the sender's.
        event Memo(address indexed from, address indexed to, bytes32 indexed memo, uint256 value);

        /// ERC-6093.
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        /// ERC-6093.
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        /// ERC-6093. Nobody, or the token itself: what is sent there is lost.
        error ERC20InvalidReceiver(address receiver);
        /// ERC-6093.
        error ERC20InvalidSpender(address spender);
        /// The allowance ended by itself and must be given again.
        error AllowanceExpired(address owner, address spender, uint64 expiredAt);
        /// The wished end of an allowance is already past.
        error ExpiryInThePast(uint64 expiresAt);
        /// The signature's deadline is past.
        error ERC2612ExpiredSignature(uint256 deadline);
        /// No signature of `owner` over this text: another signer, another chain, a used nonce, or not
        /// in its one canonical form (EIP-2).
        error ERC2612InvalidSigner(address signer, address owner);
        /// Only the recorded minter mints.
        error OnlyMinter(address caller);
        /// The supply was fixed when the token was created.
        error SupplyIsFixed();
        /// Lists that belong together have different lengths.
        error LengthMismatch(uint256 left, uint256 right);
        /// A list is longer than the limit.
        error TooMany(uint256 given, uint256 most);

        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);

        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function nonces(address owner) external view returns (uint256);
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

        /// Allows `value` until `expiresAt`, seconds since 1970; for a person at most 30 days from now.
        function approveUntil(address spender, uint256 value, uint64 expiresAt) external returns (bool);
        /// How much is allowed now and when that ends.
        function allowanceInfo(address owner, address spender) external view returns (uint256 value, uint64 expiresAt);
        /// How many allowances `owner` has given and not used up or taken back.
        function allowanceCount(address owner) external view returns (uint256);
        /// Up to 100 of them, from number `offset` on, expired ones included.
        function allowancesOf(address owner, uint256 offset, uint256 limit) external view returns (Allowance[] memory);

        /// A transfer with a reference, such as an invoice number.
        function transferWithMemo(address to, uint256 value, bytes32 memo) external returns (bool);
        /// Up to 200 transfers; all happen or none.
        function transferBatch(address[] calldata to, uint256[] calldata values) external returns (bool);

        /// Who may mint; zero for a fixed supply. Set once, when the token is created.
        function minter() external view returns (address);
        function mint(address to, uint256 value) external;
        function burn(uint256 value) external;
    }

    /// Anybody's factory of native tokens.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface ITokenFactory {
        /// A token as lists show it.
        struct TokenInfo {
            address token;
            address creator;
            address minter;
            uint8 decimals;
            uint256 totalSupply;
            string name;
            string symbol;
        }

        event TokenCreated(address indexed token, address indexed creator, address minter, uint8 decimals, uint256 supply, string name, string symbol);

        /// A name of 1 to 64 bytes or a symbol of 1 to 32, without control characters.
        error BadText(string text);
        /// At most 36 decimals.
        error BadDecimals(uint8 decimals);
        /// A mintable token needs a minter.
        error NoMinter();
        error NoSuchToken(uint256 index);

        /// Creates a token whose whole, final supply belongs to the caller.
        function createToken(string calldata name, string calldata symbol, uint8 decimals, uint256 supply) external returns (address token);
        /// Creates a token that `minter` may mint for ever; `supply` is minted to the caller now.
        function createMintableToken(string calldata name, string calldata symbol, uint8 decimals, uint256 supply, address minter) external returns (address token);
        /// Where the next token of `creator` will stand.
        function nextTokenOf(address creator) external view returns (address);
        function tokenCount() external view returns (uint256);
        function tokenAt(uint256 index) external view returns (address);
        function isToken(address account) external view returns (bool);
        /// Up to 50 tokens from number `offset` on, in order of creation.
        function tokens(uint256 offset, uint256 limit) external view returns (TokenInfo[] memory);
    }

    /// The native coin as an ERC-20, fully backed.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IWETH9 {
        event Transfer(address indexed src, address indexed dst, uint256 wad);
        event Approval(address indexed src, address indexed guy, uint256 wad);
        event Deposit(address indexed dst, uint256 wad);
        event Withdrawal(address indexed src, uint256 wad);

        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address guy, uint256 wad) external returns (bool);
        function transfer(address dst, uint256 wad) external returns (bool);
        function transferFrom(address src, address dst, uint256 wad) external returns (bool);
        function deposit() external payable;
        function withdraw(uint256 wad) external;
    }
}
